"""discord.py, brought in once and without what it says about voice, which alerts do not use.

Its import of `audioop` warns from Python 3.11 on, and its first client logs that the packages for voice are missing.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord
    from discord.http import Route

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

__all__ = ["Route", "discord"]
