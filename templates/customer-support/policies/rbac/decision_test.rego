package rbac_test

import data.rbac

ask(action, more) := object.union(
	{
		"subject": {"type": "agent", "id": "help-desk-agent"},
		"action": {"name": action},
		"resource": {"type": "customer", "id": "c-1"},
	},
	more,
)

# The decision under data of the test's own, so that the tests hold whatever data.yaml says.
decide(request) := decision if {
	grant := {"actions": ["read", "greet"], "type": "customer"}
	decision := rbac.decision with input as request
		with data.rbac.grants as {"help-desk-agent": [grant]}
		with data.rbac.ticket_only as ["read"]
		with data.rbac.people_only as ["c-9"]
}

test_granted if decide(ask("greet", {})) == {"outcome": "allow", "reason": "granted to help-desk-agent"}

test_not_granted[note] if {
	some note, request in {
		"another action": ask("delete", {}),
		"another type": ask("greet", {"resource": {"type": "invoice"}}),
		"another agent": ask("greet", {"subject": {"id": "stranger"}}),
		"a person": ask("greet", {"subject": {"type": "user"}}),
		"nothing": {},
	}
	decide(request) == {"outcome": "deny", "reason": "nothing grants this"}
}

# A forbid has three tests: it bites, it does not, and the attribute is missing.
test_customer_data_with_a_ticket if decide(ask("read", {"facts": {"ticket": "ticket-7"}})).outcome == "allow"

test_customer_data_without_a_ticket[note] if {
	some note, more in {
		"no facts": {},
		"no ticket": {"facts": {}},
		"only a claim": {"context": {"ticket": "ticket-7"}, "facts": {}},
		"another kind": {"facts": {"ticket": "invoice-7"}},
		"only the prefix": {"facts": {"ticket": "ticket-"}},
		"no text": {"facts": {"ticket": 7}},
	}
	decision := decide(ask("read", more))
	decision == {"outcome": "deny", "reason": "customer data is only touched while working on a ticket"}
}

test_some_are_served_by_people if {
	decide(ask("greet", {"resource": {"id": "c-9"}})) == {"outcome": "deny", "reason": "this customer is served by people"}
}
