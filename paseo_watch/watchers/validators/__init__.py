"""Validators: who is in the active set, who works, who is punished; and whether blocks become final.

Comes in: decoded blocks of a chain with validators or with their staking, what is stored of sessions and votes, vitals.
Goes out: observations, changes of state, a row of facts a validator and session. May import `chain` values,
`watchers.watcher`, `watchers.setting` and `watchers.names`; it is pure.
"""
