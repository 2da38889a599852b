"""What holds for every test: no clock of Hypothesis decides one."""

from hypothesis import settings

settings.register_profile("house", settings(), deadline=None)  # on top of the profile in force: `ci` where CI is set
settings.load_profile("house")
