"""Wrong configurations and the exact lines that say so.

Each case: what is wrong, the file, the lines of the error. `BASE` stands below every case that is marked as a part.
"""

from typing import NamedTuple


class Wrong(NamedTuple):
    """One case. A `part` goes over a configuration that is right, so that only its own fault is told."""

    what: str
    text: str
    lines: tuple[str, ...]
    part: bool = True


def part(what: str, text: str, *lines: str) -> Wrong:
    return Wrong(what, text, tuple(f"c.yaml:{line}" for line in lines))


def whole(what: str, text: str, *lines: str) -> Wrong:
    return Wrong(what, text, lines, part=False)


NODE = "a ws:// or wss:// URL"
URL_EXPECTED = "expected a URL that begins with wss:// or ws://, with a host"
DURATION = "expected a duration such as 30s, 10m, 24h or 7d"
ACCOUNT = "an account: SS58 text of any prefix, or 0x and 64 hexadecimal digits"
NAME = "expected a name: letters, digits, - _ and . (at most 64, a letter or digit first)"
GENESIS = "expected a genesis hash: 0x and 64 hexadecimal digits"
MATCHER = """a matcher such as 'severity="info"', with =, !=, =~ or !~"""
STORE = "expected sqlite:///FILE or postgresql://USER@HOST/DATABASE"

CASES = [
    # the text
    whole("a file that is no mapping", "- a\n", "c.yaml:1: expected a mapping of keys at the top of the file"),
    whole("a quote left open", 'a: "b\n', "c.yaml:2: not valid YAML: found unexpected end of stream"),
    whole("a tab as indentation", "a:\n\tb: 1\n", "c.yaml:2: not valid YAML: found character '\\t' that cannot start any token"),
    whole("a control character", "a: \x01\n", "c.yaml: not valid YAML: a character that YAML does not allow (a control character?)"),
    whole("an escape beyond Unicode", 'a: "\\UFFFFFFFF"\n', "c.yaml: not valid YAML: malformed escape or directive"),
    whole("half a surrogate pair", 'network: "\\ud800"\n', "c.yaml:1: network: half of a surrogate pair; expected whole characters"),
    whole("a second document", "a: 1\n---\nb: 1\n", "c.yaml:2: a second document; expected one YAML document a file"),
    whole("a Python tag", "network: !!python/name:os.system x\n", 'c.yaml:1: network: the tag "tag:yaml.org,2002:python/name:os.system"; tags are not allowed here'),
    whole("an alias without an anchor", "network: *x\n", "c.yaml:1: network: no anchor &x above this alias"),
    whole("a list as a key", "? [a]\n: 1\n", "c.yaml:1: a key that is not text; expected one word before the colon"),
    whole("nothing at all", "", "c.yaml:1: chains: no chain is enabled; expected at least one (or extends: paseo for the built-in ones)", "c.yaml:1: route.receiver: missing; none is known here"),
    # extends
    whole("extends a missing file", "\nextends: base.yaml\n", 'c.yaml:2: extends: no such file: "base.yaml"; expected a file or a built-in configuration (paseo)'),
    whole("extends itself", "extends: c.yaml\n", "c.yaml:1: extends: a circle: this file is already part of this configuration"),
    whole("extends a list", "extends: [paseo]\n", "c.yaml:1: extends: expected a file name or a built-in configuration (paseo)"),
    # keys
    part("a key twice", "network: a\nnetwork: b\n", "3: network: given twice; the first is in line 2"),
    part("a mistyped key at the top", "recievers: []\n", '2: recievers: unknown key; did you mean "receivers"?'),
    part("a key far from any", "zzz: 1\n", "2: zzz: unknown key; expected accounts, cache, chains, heartbeat, http, network, receivers, route, store, units or watch"),
    part("a mistyped key of a rule", "watch:\n  moves:\n    - { name: a, treshold: 1 PAS }\n", '4: watch.moves[0].treshold: unknown key; did you mean "threshold"?'),
    part("an unknown watcher", "watch: { opengov: {} }\n", "2: watch.opengov: unknown watcher; expected moves or patience"),
    part("an unknown sink", "receivers:\n  - name: a\n    matrix: {}\n    console: {}\nroute: { receiver: a }\n", "4: receivers[0].matrix: unknown sink or key; expected console, file, name or webhook"),
    part("a key that needs quoting", '"a b\\n": 1\n', '2: "a b\\n": unknown key; expected accounts, cache, chains, heartbeat, http, network, receivers, route, store, units or watch'),
    # chains
    part("a chain's name with a blank", '"chains": { "a b": { enabled: false } }\n', f'2: chains."a b": {NAME}'),
    part("a chain that is text", "chains: { relay: wss://x }\n", "2: chains.relay: expected a mapping of keys, found text"),
    part("an http endpoint", "chains: { relay: { endpoints: [https://x] } }\n", f"2: chains.relay.endpoints[0]: {URL_EXPECTED}"),
    part("an endpoint without a host", "chains: { relay: { endpoints: [{ url: wss:// }] } }\n", f"2: chains.relay.endpoints[0].url: {URL_EXPECTED}"),
    part("an endpoint without its URL", "chains: { relay: { endpoints: [{ burst: 3 }] } }\n", f"2: chains.relay.endpoints[0].url: missing; expected {NODE}"),
    part("an endpoint that is a number", "chains: { relay: { endpoints: [5] } }\n", f"2: chains.relay.endpoints[0]: expected {NODE} or a mapping of keys, found a number; put it in quotes"),
    part("no requests at all", "chains:\n  relay:\n    endpoints:\n      - { url: 'wss://x', requests_per_second: 0 }\n", "5: chains.relay.endpoints[0].requests_per_second: expected a number above 0 and at most 10000, found 0"),
    part("endpoints that are text", "chains: { relay: { endpoints: wss://x } }\n", "2: chains.relay.endpoints: expected a list, found text"),
    part("enabled without endpoints", "chains:\n  other: {}\n", "3: chains.other: enabled, but without endpoints; expected at least one, or enabled: false"),
    part("no chain enabled", "chains:\n  relay: { enabled: false }\n", "2: chains: no chain is enabled; expected at least one (or extends: paseo for the built-in ones)"),
    part("a short genesis", "chains: { relay: { genesis: 0x3740 } }\n", f"2: chains.relay.genesis: {GENESIS}"),
    part("a start in the past tense", "chains: { relay: { start: first } }\n", '2: chains.relay.start: expected "latest" or a whole number from 0 to 4294967295, found "first"'),
    part("a negative start", "chains: { relay: { start: -1 } }\n", '2: chains.relay.start: expected "latest" or a whole number from 0 to 4294967295, found -1'),
    part("YAML 1.1's no", "chains: { relay: { enabled: nope } }\n", "2: chains.relay.enabled: expected true or false, found text"),
    part("a duration without a unit", "chains: { relay: { quiet_after: 60 } }\n", f"2: chains.relay.quiet_after: {DURATION}"),
    part("a duration of nothing", "chains: { relay: { quiet_after: 0s } }\n", "2: chains.relay.quiet_after: expected a duration of more than nothing and at most ten years"),
    part("a prefix beyond SS58", "chains: { relay: { ss58_prefix: 16384 } }\n", "2: chains.relay.ss58_prefix: expected a whole number from 0 to 16383, found 16384"),
    part("a token without a unit", "chains: { relay: { token: PAZ } }\n", '2: chains.relay.token: unknown token "PAZ"; did you mean "PAS"?'),
    part("an explorer link without its place", "chains: { relay: { explorer: { block: 'https://x' } } }\n", "2: chains.relay.explorer: block: expected {number} in the link"),
    # units, accounts
    part("decimals that are text", "units: { PAS: ten }\n", "2: units.PAS: expected a whole number from 0 to 38 or a mapping of keys, found text"),
    part("a unit called planck", "units: { planck: 0 }\n", "2: units.planck: planck is the smallest unit of every token and cannot be defined"),
    part("an asset without its pallet", "units: { USDT: { decimals: 6, id: 1984 } }\n", "2: units.USDT: pallet and id belong together; expected both for an asset, none for a chain's token"),
    part("an account that is a number", "accounts: { a: 12 }\n", f"2: accounts.a: expected {ACCOUNT}"),
    part("an account with a wrong character", "accounts:\n  a: 5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6A\n", f"3: accounts.a: '5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6A' is not an SS58 address: the checksum is wrong, a character may be mistyped; expected {ACCOUNT}"),
    part("a key of 31 bytes", f"accounts: {{ a: 0x{'00' * 31} }}\n", f"2: accounts.a: expected {ACCOUNT}"),
    # rules
    part("an amount without a unit", "watch: { moves: [{ name: a, threshold: 10000 }] }\n", "2: watch.moves[0].threshold: expected text with a unit, like 10000 PAS, 0.5 PAS, 1_000 PAS or 250 planck"),
    part("an amount in an unknown unit", "watch: { moves: [{ name: a, threshold: 1 DOT }] }\n", "2: watch.moves[0].threshold: unknown unit 'DOT'; known are PAS, planck"),
    part("half a planck", "watch: { moves: [{ name: a, threshold: 0.5 planck }] }\n", "2: watch.moves[0].threshold: 0.5 planck is not whole planck: planck has 0 decimals"),
    part("an unknown severity", "watch: { moves: [{ name: a, severity: warn }] }\n", '2: watch.moves[0].severity: expected "info", "warning" or "critical", found "warn"'),
    part("an unknown account", "accounts: { treasury: 0x" + "11" * 32 + " }\nwatch: { moves: [{ name: a, exclude: [tresury] }] }\n", '3: watch.moves[0].exclude[0]: unknown account "tresury"; did you mean "treasury"?'),
    part("an unknown chain in a rule", "watch: { moves: [{ name: a, chains: [realy] }] }\n", '2: watch.moves[0].chains[0]: unknown chain "realy"; did you mean "relay"?'),
    part("two rules of one name", "watch:\n  moves:\n    - name: a\n    - name: a\n", '5: watch.moves[1].name: "a" is taken by watch.moves[0]; expected another'),
    part("a rule without a name", "watch: { moves: [{}] }\n", "2: watch.moves[0].name: missing; expected text"),
    part("options that are a list", "watch: { patience: [] }\n", "2: watch.patience: expected a mapping of keys, found a list"),
    # receivers, route
    part("a receiver without a sink", "receivers: [{ name: ops }]\n", "2: receivers[0]: no sink; expected console, file or webhook ({} where one needs no options)"),
    part("a sink of nothing", "receivers: [{ name: ops, console: }]\n", "2: receivers[0]: no sink; expected console, file or webhook ({} where one needs no options)"),
    part("two receivers of one name", "receivers:\n  - { name: ops, console: {} }\n  - { name: ops, console: {} }\n", '4: receivers[1].name: "ops" is taken by receivers[0]; expected another'),
    part("a receiver's name that is a number", "receivers: [{ name: 5, console: {} }]\nroute: { receiver: '5' }\n", "2: receivers[0].name: expected text, found 5; put it in quotes"),
    part("a password that YAML reads as a number", "receivers: [{ name: ops, webhook: { url: 'http://x', secret: 123456 } }]\n", "2: receivers[0].webhook.secret: expected text, found a number; put it in quotes"),
    part("a route to nobody", "route:\n  receiver: opps\n", '3: route.receiver: unknown receiver "opps"; did you mean "ops"?'),
    part("a child route to nobody", "route:\n  routes:\n    - receiver: core\n", '4: route.routes[0].receiver: unknown receiver "core"; expected ops'),
    part("matchers at the root", "route: { matchers: ['severity=\"info\"'] }\n", "2: route: the root matches everything; expected matchers and continue only below routes"),
    part("a matcher without an operator", "route: { routes: [{ matchers: [severity] }] }\n", "2: route.routes[0].matchers[0]: not a matcher: 'severity'; expected label=\"value\", with =, !=, =~ or !~"),
    part("a matcher that is a mapping", "route: { routes: [{ matchers: [{ severity: info }] }] }\n", f"2: route.routes[0].matchers[0]: expected {MATCHER}"),
    part("a regular expression left open", "route: { routes: [{ matchers: ['a=~\"(\"'] }] }\n", "2: route.routes[0].matchers[0]: not a regular expression in 'a=~\"(\"': missing ), unterminated subpattern at position 0"),
    part("a regular expression without end", "route: { routes: [{ matchers: ['a=~\"x{99999999999999}\"'] }] }\n", "2: route.routes[0].matchers[0]: a regular expression beyond all limits"),
    # the rest
    part("a store of another kind", "store: { url: 'mysql://x/y' }\n", f"2: store.url: {STORE}"),
    part("a store without a file", "store: { url: 'sqlite://' }\n", "2: store.url: expected sqlite:/// and a file, such as sqlite:///paseo-watch.db"),
    part("days by halves", "store: { retention_days: 0.5 }\n", "2: store.retention_days: expected a whole number from 1 to 3660, found 0.5"),
    part("a port alone", "http: { listen: 9615 }\n", "2: http.listen: expected host:port, such as 127.0.0.1:9615"),
    part("a port beyond all ports", "http: { listen: '[::1]:70000' }\n", "2: http.listen: expected host:port, such as 127.0.0.1:9615"),
    part("http that is true", "http: true\n", "2: http: expected a mapping of keys or false, found true"),
    part("a heartbeat to nowhere", "heartbeat: { every: 1m }\n", "2: heartbeat: expected either url or receiver"),
    part("a heartbeat to nobody", "heartbeat: { receiver: op }\n", '2: heartbeat.receiver: unknown receiver "op"; did you mean "ops"?'),
    # environment and files
    part("a variable that is not set", "receivers: [{ name: ops, webhook: { url: '${HOOK}' } }]\n", "2: receivers[0].webhook.url: the environment variable HOOK is not set"),
    part("a reference left open", "network: '${NET'\n", "2: network: ${ without its }; write $${ for a plain ${"),
    part("a reference that is no name", "network: '${NET:-x}'\n", '2: network: "NET:-x" is no name of an environment variable; expected ${NAME} ($${ for a plain ${)'),
    part("a secret file that is missing", "receivers: [{ name: ops, webhook: { url: 'http://x', secret_file: gone } }]\n", '2: receivers[0].webhook.secret_file: the file "gone": no such file'),
    part("a required secret's file that is missing", "receivers: [{ name: ops, webhook: { url_file: gone } }]\n", '2: receivers[0].webhook.url_file: the file "gone": no such file'),
    part("a secret twice", "receivers: [{ name: ops, webhook: { url: 'http://x', secret: a, secret_file: b } }]\n", "2: receivers[0].webhook.secret_file: secret is also given (c.yaml:2); expected one of the two"),
    part("a twin of what is no secret", "network_file: a\n", '2: network_file: unknown key; did you mean "network"?'),
]  # fmt: skip
