# The request that the tests of this folder start from, and how they change it.
package graduation_test

# A write of medium risk by an agent on level L3, with nothing that restricts it further.
write := {
	"tenant": "default",
	"time": {"epoch_ms": 1767225600000, "iso": "2026-01-01T00:00:00.000Z", "hour": 0, "weekday": 4},
	"request": {
		"subject": {"type": "agent", "id": "an-agent"},
		"action": {"name": "change_record"},
		"resource": {"type": "record", "id": "1"},
		"context": {},
	},
	"human": false,
	"agent": {"id": "an-agent", "known": true, "class": "assistant", "tier": "standard"},
	"action": {
		"name": "change_record",
		"known": true,
		"scope": "records",
		"stake": "full",
		"category": "local_reversible_write",
		"blast": 1,
		"reversibility": 1,
		"frequency": "routine",
		"static_points": 2,
		"default_level": 4,
		"disposition": "none",
		"negative_signal": "record_corrected",
		"classification": null,
		"rollback_handle": false,
		"reversible_until": null,
		"preconditions": [],
		"guardrails": {},
		"arguments": {},
		"namespace": null,
		"version": null,
	},
	"trust": {
		"score": 0.85,
		"scope": "records:full",
		"level_granted": 3,
		"level_effective": 3,
		"confidence": 0.95,
		"failure_bound": 0.02,
		"bottleneck_layer": "outcome",
		"incident": {"state": "clear", "cap": 1},
	},
	"risk": {"points": 2, "band": "medium", "rules": [], "obligations": [], "unavailable": []},
	"classification": "internal",
	"sensitive": false,
	"facts": {},
	"overrides": {},
}

# The same agent reads.
read := but(write, {
	"action": {"category": "read_only", "blast": 0, "reversibility": 0, "negative_signal": null, "static_points": 0},
	"risk": {"points": 0, "band": "read"},
})

# The input with some members changed.
but(changed, members) := object.union(changed, members)

# The names of a ceiling's duties.
duties(ceiling) := {duty.id | some duty in ceiling.obligations}

# Inputs that nobody should send.
hostile := [
	null,
	true,
	0,
	"input",
	[],
	{},
	{"human": "true"},
	{"human": 1, "trust": null, "action": null, "risk": null},
	but(write, {"trust": null}),
	but(write, {"trust": "high"}),
	but(write, {"trust": {"level_effective": "4", "score": "1", "incident": null}}),
	but(write, {"trust": {"level_effective": 99, "score": 99}}),
	but(write, {"trust": {"level_effective": -1, "score": -1}}),
	but(write, {"trust": {"level_effective": 3.5}}),
	but(write, {"risk": {"band": "none", "obligations": "audit", "unavailable": null}}),
	but(write, {"risk": {"band": ["read"], "obligations": [1, null, ""], "unavailable": {}}}),
	but(write, {"risk": {"obligations": {"audit": true}}}),
	but(write, {"action": {"category": "permission_escalation", "disposition": "auto_approve"}}),
	but(write, {"action": {"category": ["read_only"], "disposition": null, "default_level": null}}),
	but(write, {"action": {"known": "yes", "preconditions": "none", "guardrails": []}}),
	but(write, {"action": {"preconditions": [null, 1, "x", {}, {"fact": 1, "equals": null}], "guardrails": {"": -1}}}),
	but(write, {"agent": {"tier": "none", "known": "yes", "id": ["a"]}}),
	but(write, {"classification": "top-secret", "sensitive": "no", "facts": "all"}),
	but(write, {"overrides": null}),
	but(write, {"overrides": "allow"}),
	but(write, {"overrides": {"matrix": "allow", "categories": "allow", "environments": "allow", "guardrails": "none", "classification": 1}}),
	but(write, {"overrides": {"matrix": {"standard": {"3": {"medium": "yes"}}}, "categories": {"local_reversible_write": true}}}),
	but(write, {"request": {"context": {"environment": ["production"], "purpose": {}}, "resource": "r"}}),
]
