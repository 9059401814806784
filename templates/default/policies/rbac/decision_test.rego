package rbac_test

import data.rbac

ask(action, id) := {
	"subject": {"type": "agent", "id": "assistant"},
	"action": {"name": action},
	"resource": {"type": "document", "id": id},
}

# The decision under grants of the test's own, so that the tests hold whatever data.yaml says.
decide(request) := decision if {
	grant := {"actions": ["read", "write"], "type": "document", "below": "team/"}
	archive := {"actions": ["read", "write"], "type": "document", "below": "archive/"}
	decision := rbac.decision with input as request
		with data.rbac.grants as {"assistant": [grant, archive]}
		with data.rbac.reading as ["read"]
}

test_granted if {
	decide(ask("write", "team/plan")) == {"outcome": "allow", "reason": "granted to assistant"}
}

test_not_granted[note] if {
	some note, request in {
		"another action": ask("delete", "team/plan"),
		"another place": ask("write", "board/plan"),
		"another type": object.union(ask("write", "team/plan"), {"resource": {"type": "contract"}}),
		"another agent": object.union(ask("write", "team/plan"), {"subject": {"id": "stranger"}}),
		"a person": object.union(ask("write", "team/plan"), {"subject": {"type": "user"}}),
	}
	decide(request) == {"outcome": "deny", "reason": "nothing grants this"}
}

# A forbid has three tests: it bites, it does not, and the attribute is missing.
test_only_plain_ids[note] if {
	some note, request in {
		"out of the folder": ask("write", "team/../board/plan"),
		"encoded": ask("write", "team/%2e%2e/board/plan"),
		"a backslash": ask("write", `team\..\board`),
		"no id": {"action": {"name": "write"}},
		"nothing": {},
	}
	decision := decide(request)
	decision.outcome == "deny"
	contains(decision.reason, "not in its plain form")
}

test_archive_is_not_written if {
	decide(ask("write", "archive/2020/plan")) == {"outcome": "deny", "reason": "what is archived does not change"}
}

test_archive_is_read if decide(ask("read", "archive/2020/plan")).outcome == "allow"
