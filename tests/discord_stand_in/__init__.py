"""A stand-in for Discord on 127.0.0.1: REST v10 and gateway, as much of both as a bot that posts alerts needs.

    async with StandIn() as discord:
        channel = discord.world.add_channel("alerts")
        discord.faults.plan(Fault(reset="after"))
        ...  # point a client at discord.api_base and discord.gateway_url
        assert [sent.payload for sent in discord.requests if sent.method == "POST"] == [...]

What it answers is judged by the npm package discord-api-spec and by two real clients (tests/e2e/discord): it is not
our own opinion of Discord. Each module is one concern: `objects` (JSON), `world` (state), `permissions`, `forms`
(what Discord refuses of a body), `limits` (rates), `faults`, `rest`, `gateway`, `server`.
"""
