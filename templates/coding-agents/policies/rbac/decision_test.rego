package rbac_test

import data.rbac

edit(id) := {
	"subject": {"type": "agent", "id": "coder"},
	"action": {"name": "edit"},
	"resource": {"type": "file", "id": id},
}

push(facts) := {
	"subject": {"type": "agent", "id": "coder"},
	"action": {"name": "force_push"},
	"resource": {"type": "repository", "id": "acme/web"},
	"context": {"branch": "agent/claimed"},
	"facts": facts,
}

# The decision under data of the test's own, so that the tests hold whatever data.yaml says.
decide(request) := decision if {
	files := {"actions": ["read", "edit"], "type": "file", "below": "workspace/"}
	repositories := {"actions": ["force_push"], "type": "repository", "below": "acme/"}
	decision := rbac.decision with input as request
		with data.rbac.roles as {"writer": [files, repositories]}
		with data.rbac.assignments as {"coder": ["writer"]}
		with data.rbac.reading as ["read"]
		with data.rbac.guarded_names as [".github"]
}

test_permitted if {
	decide(edit("workspace/src/main.ts")) == {"outcome": "allow", "reason": "permitted to role writer"}
}

test_not_permitted[note] if {
	some note, request in {
		"another action": object.union(edit("workspace/a"), {"action": {"name": "delete"}}),
		"another place": edit("home/a"),
		"another type": object.union(edit("workspace/a"), {"resource": {"type": "database"}}),
		"another agent": object.union(edit("workspace/a"), {"subject": {"id": "stranger"}}),
		"a person": object.union(edit("workspace/a"), {"subject": {"type": "user"}}),
	}
	decide(request) == {"outcome": "deny", "reason": "no role permits this"}
}

# A forbid has three tests: it bites, it does not, and the attribute is missing.
test_only_plain_ids[note] if {
	some note, request in {
		"out of the workspace": edit("workspace/../etc/passwd"),
		"encoded": edit("workspace/%2e%2e/etc/passwd"),
		"a backslash": edit(`workspace\..\etc`),
		"no id": {"action": {"name": "edit"}, "resource": {"type": "file"}},
		"nothing": {},
	}
	decision := decide(request)
	decision.outcome == "deny"
	contains(decision.reason, "not in its plain form")
}

test_what_checks_an_agent_is_not_changed if {
	decide(edit("workspace/.github/workflows/ci.yml")) == {"outcome": "deny", "reason": "no agent changes what checks it"}
}

test_what_checks_an_agent_is_read if {
	request := object.union(edit("workspace/.github/workflows/ci.yml"), {"action": {"name": "read"}})
	decide(request).outcome == "allow"
}

test_a_missing_resource_type_forbids if {
	decision := decide({"action": {"name": "edit"}, "resource": {"id": "workspace/.github/x"}})
	contains(decision.reason, "no agent changes what checks it")
}

test_history_of_own_branches if decide(push({"branch": "agent/fix-7"})).outcome == "allow"

test_history_of_other_branches[note] if {
	some note, facts in {"another branch": {"branch": "main"}, "no branch": {}}
	decide(push(facts)) == {"outcome": "deny", "reason": "history is only rewritten on the agent's own branches"}
}
