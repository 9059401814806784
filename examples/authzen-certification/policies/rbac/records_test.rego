package rbac_test

import data.rbac

ask(subject, action, resource) := {
	"subject": {"type": "user", "id": subject},
	"action": {"name": action},
	"resource": {"type": "record", "id": resource},
}

with_status(request, status) := object.union(request, {"resource": {"properties": {"status": status}}})

with_role(request, role) := object.union(request, {"subject": {"properties": {"role": role}}})

with_soft(request, soft) := object.union(request, {"action": {"properties": {"soft": soft}}})

test_permitted[note] if {
	some note, request in {
		"rule 1": ask("alice", "read", "record-1"),
		"rule 2": ask("alice", "write", "record-1"),
		"rule 2, status given": with_status(ask("alice", "write", "record-1"), "active"),
		"rule 3": ask("bob", "read", "record-1"),
		"rule 6": with_status(with_role(ask("bob", "write", "record-2"), "admin"), "archived"),
		"rule 7": with_soft(ask("alice", "delete", "record-1"), true),
	}
	rbac.allow with input as request
}

test_not_permitted[note] if {
	some note, request in {
		"rule 4": ask("bob", "write", "record-1"),
		"rule 4, although bob's stored role is admin": with_status(ask("bob", "write", "record-1"), "active"),
		"rule 5": with_status(ask("alice", "write", "record-1"), "archived"),
		"rule 6, not written": with_status(with_role(ask("bob", "delete", "record-2"), "admin"), "archived"),
		"rule 6, not archived": with_status(with_role(ask("bob", "write", "record-1"), "admin"), "active"),
		"rule 8": with_soft(ask("alice", "delete", "record-1"), false),
		"rule 8, softness not said": ask("alice", "delete", "record-1"),
		"another type of subject": object.union(ask("alice", "read", "record-1"), {"subject": {"type": "agent"}}),
		"another type of resource": object.union(ask("alice", "read", "record-1"), {"resource": {"type": "file"}}),
		"nobody": ask("carol", "read", "record-1"),
		"nothing": {},
	}
	not rbac.allow with input as request
}
