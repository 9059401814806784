package rbac_test

import data.rbac

test_permitting_roles[note] if {
	some note, [subject, action, resource, want] in {
		"by pattern": ["ann", "write", "drafts/a", {"writer"}],
		"below the pattern": ["ann", "write", "drafts/a/b", set()],
		"action by pattern": ["ann", "mail/send_letter", "drafts/a", {"writer"}],
		"action beyond pattern": ["ann", "mail/send_letter/all", "drafts/a", set()],
		"action begins like the pattern": ["ann", "mail/sender", "drafts/a", set()],
		"letter case counts": ["ann", "Write", "drafts/a", set()],
	}
	found := rbac.permitting_roles with input as ask(subject, action, resource) with data.rbac.config as config
	found == want
}

test_type_of_the_resource_counts if {
	found := rbac.permitting_roles with input as object.union(ask("bea", "read", "a"), {"resource": {"type": "secret"}})
		with data.rbac.config as config
	found == set()
}

test_star_is_any_type if {
	found := rbac.permitting_roles with input as object.union(ask("dora", "hatch", "a"), {"resource": {"type": "nest"}})
		with data.rbac.config as config
	found == {"egg"}
}
