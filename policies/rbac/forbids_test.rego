package rbac_test

import data.rbac

# A role exempts.

test_forbid_bites_without_the_role if {
	found := rbac.forbids with input as ask("bea", "read", "salaries/a") with data.rbac.config as config
	found == {"salaries are for auditors"}
}

test_forbid_does_not_bite_with_the_role if {
	found := rbac.forbids with input as ask("cleo", "read", "salaries/a") with data.rbac.config as config
	found == set()
}

test_forbid_bites_where_there_is_no_subject if {
	found := rbac.forbids with input as json.remove(ask("cleo", "read", "salaries/a"), ["subject"]) with data.rbac.config as config
	found == {"salaries are for auditors"}
}

test_forbid_is_for_its_resources_only if {
	found := rbac.forbids with input as ask("bea", "read", "plans/a") with data.rbac.config as config
	found == set()
}

# An attribute exempts.

test_forbid_bites_with_another_attribute[ticket] if {
	some ticket in ["none", "ticket-", 1, ["ticket-1"], null, ""]
	found := rbac.forbids with input as object.union(ask("ann", "write", "drafts/a"), {"facts": {"ticket": ticket}})
		with data.rbac.config as config
	found == {"writers write with a ticket"}
}

test_forbid_does_not_bite_with_the_attribute if {
	found := rbac.forbids with input as ask("ann", "write", "drafts/a") with data.rbac.config as config
	found == set()
}

test_forbid_does_not_bite_with_a_listed_value if {
	found := rbac.forbids with input as object.union(ask("ann", "write", "drafts/a"), {"facts": {"ticket": "", "environment": "test"}})
		with data.rbac.config as config
	found == set()
}

test_forbid_bites_where_the_attribute_is_missing[path] if {
	some path in ["facts/ticket", "facts"]
	found := rbac.forbids with input as json.remove(ask("ann", "write", "drafts/a"), [path]) with data.rbac.config as config
	found == {"writers write with a ticket"}
}

test_forbid_bites_where_only_the_request_claims_the_attribute[claims] if {
	some claims in [
		{"context": {"ticket": "ticket-1", "environment": "test", "facts": {"ticket": "ticket-1"}}},
		{"subject": {"properties": {"ticket": "ticket-1"}}},
		{"action": {"properties": {"arguments": {"ticket": "ticket-1"}}}},
		{"ticket": "ticket-1", "environment": "test"},
	]
	found := rbac.forbids with input as object.union(json.remove(ask("ann", "write", "drafts/a"), ["facts"]), claims)
		with data.rbac.config as config
	found == {"writers write with a ticket"}
}

test_forbid_whose_exemption_reads_a_claim_always_bites[path] if {
	some path in [["context", "ticket"], ["subject", "properties", "ticket"], ["ticket"], [], "ticket", null]
	forbid := {
		"reason": "claimed",
		"actions": ["read"],
		"resources": [{"type": "*", "id": "**"}],
		"unless": [{"attribute": path, "begins": "ticket-"}, {"attribute": path, "values": ["ticket-1"]}],
	}
	found := rbac.forbids with input as object.union(ask("bea", "read", "a"), {
		"context": {"ticket": "ticket-1"},
		"subject": {"properties": {"ticket": "ticket-1"}},
		"ticket": "ticket-1",
	})
		with data.rbac.config as object.union(config, {"forbids": [forbid]})
	found == {"claimed"}
}

test_forbid_is_for_its_roles_only if {
	found := rbac.forbids with input as json.remove(ask("bea", "write", "drafts/a"), ["facts"]) with data.rbac.config as config
	found == set()
}

# Forbids that cannot be read

test_forbid_without_exemptions_always_bites if {
	found := rbac.forbids with input as ask("cleo", "read", "a")
		with data.rbac.config as object.union(config, {"forbids": [{"reason": "never", "actions": ["read"], "resources": [{"type": "*", "id": "**"}]}]})
	found == {"never"}
}

test_forbid_with_a_pattern_that_cannot_be_read_always_bites[pattern] if {
	some pattern in ["*a", "a/**/**", "**/a/**/b/**"]
	found := rbac.forbids with input as ask("cleo", "read", "z")
		with data.rbac.config as object.union(config, {"forbids": [{
			"reason": "unreadable",
			"actions": ["read"],
			"resources": [{"type": "*", "id": pattern}],
		}]})
	found == {"unreadable"}
}

# What the example organisation forbids

test_shipped_forbids[note] if {
	some note, [subject, action, resource, members, want] in {
		"personnel record to support": [
			{"type": "agent", "id": "support-agent"},
			"read_hr_record",
			{"type": "hr_record", "id": "ann/salary"},
			{},
			"deny",
		],
		"personnel record to human resources": [
			{"type": "user", "id": "erin"},
			"read_hr_record",
			{"type": "hr_record", "id": "ann/salary"},
			{},
			"allow",
		],
		"personal data on a ticket": [
			{"type": "agent", "id": "support-agent"},
			"read_personal_data",
			{"type": "customer", "id": "c-1"},
			{"facts": {"ticket": "ticket-7"}},
			"allow",
		],
		"personal data without a ticket": [
			{"type": "agent", "id": "support-agent"},
			"read_personal_data",
			{"type": "customer", "id": "c-1"},
			{},
			"deny",
		],
		"personal data with something else": [
			{"type": "agent", "id": "support-agent"},
			"read_personal_data",
			{"type": "customer", "id": "c-1"},
			{"facts": {"ticket": "please"}},
			"deny",
		],
		"personal data on a ticket that only the request names": [
			{"type": "agent", "id": "support-agent"},
			"read_personal_data",
			{"type": "customer", "id": "c-1"},
			{"context": {"ticket": "ticket-7"}},
			"deny",
		],
		"secret": [
			{"type": "agent", "id": "coding-agent"},
			"read_file",
			{"type": "file", "id": "workspace/secrets/key.pem"},
			{},
			"deny",
		],
		"secret to the administrator": [
			{"type": "user", "id": "grace"},
			"read_file",
			{"type": "file", "id": "workspace/secrets/key.pem"},
			{},
			"allow",
		],
		"no secret": [
			{"type": "agent", "id": "coding-agent"},
			"read_file",
			{"type": "file", "id": "workspace/readme.md"},
			{},
			"allow",
		],
		"database in production": [
			{"type": "agent", "id": "operations-agent"},
			"drop_database",
			{"type": "database", "id": "orders"},
			{"facts": {"environment": "production"}},
			"deny",
		],
		"database somewhere": [
			{"type": "agent", "id": "operations-agent"},
			"drop_database",
			{"type": "database", "id": "orders"},
			{},
			"deny",
		],
		"database that only the request calls staging": [
			{"type": "agent", "id": "operations-agent"},
			"drop_database",
			{"type": "database", "id": "orders"},
			{"context": {"environment": "staging", "facts": {"environment": "staging"}}},
			"deny",
		],
		"database in staging": [
			{"type": "agent", "id": "operations-agent"},
			"drop_database",
			{"type": "database", "id": "orders"},
			{"facts": {"environment": "staging"}},
			"allow",
		],
	}
	found := rbac.decision with input as object.union(
		{
			"tenant": "default",
			"subject": subject,
			"action": {"name": action},
			"resource": resource,
			"context": {},
			"facts": {},
		},
		members,
	)
	found.outcome == want
}
