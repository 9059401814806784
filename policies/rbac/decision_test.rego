package rbac_test

import data.rbac

test_permitted if {
	found := rbac.decision with input as ask("bea", "read", "plans/a") with data.rbac.config as config
	found == {"outcome": "allow", "reason": "permitted to role reader"}
}

test_inherited if {
	found := rbac.decision with input as ask("ann", "read", "plans/a") with data.rbac.config as config
	found.reason == "permitted to role reader"
}

test_not_permitted if {
	found := rbac.decision with input as ask("bea", "write", "drafts/a") with data.rbac.config as config
	found == {"outcome": "deny", "reason": "no role permits this action on this resource"}
}

test_no_role[note] if {
	some note, value in {
		"another subject": ask("zoe", "read", "plans/a"),
		"another type": object.union(ask("ann", "read", "plans/a"), {"subject": {"type": "user"}}),
		"another tenant": object.union(ask("ann", "read", "plans/a"), {"tenant": "globex"}),
		"no tenant": json.remove(ask("ann", "read", "plans/a"), ["tenant"]),
		"no subject": json.remove(ask("ann", "read", "plans/a"), ["subject"]),
		"a role nobody described": ask("edna", "read", "plans/a"),
		"roles claimed in the request": object.union(
			ask("zoe", "read", "plans/a"),
			{"subject": {"properties": {"roles": ["reader"]}}, "context": {"roles": ["reader"]}, "roles": ["reader"]},
		),
	}
	found := rbac.decision with input as value with data.rbac.config as config
	found == {"outcome": "deny", "reason": "no role is assigned"}
}

test_forbid_wins_over_permission if {
	found := rbac.decision with input as ask("bea", "read", "salaries/2026/ann") with data.rbac.config as config
	found == {"outcome": "deny", "reason": "salaries are for auditors"}
}

test_hidden_path_is_denied_first if {
	found := rbac.decision with input as ask("bea", "read", "plans/../salaries/a") with data.rbac.config as config
	found.reason == "the resource id is not in its plain form"
}

test_missing_resource_or_action_is_denied[path] if {
	some path in ["resource", "resource/id", "resource/type", "action", "action/name"]
	found := rbac.decision with input as json.remove(ask("bea", "read", "plans/a"), [path]) with data.rbac.config as config
	found.outcome == "deny"
}

test_hostile_input_is_denied[index] if {
	some index, value in [null, true, 0, "input", [], {}, {"subject": 1, "action": [], "resource": null}]
	found := rbac.decision with input as value
	found.outcome == "deny"
	not rbac.allow with input as value
}

test_allow_says_the_same if {
	rbac.allow with input as ask("bea", "read", "plans/a") with data.rbac.config as config
	not rbac.allow with input as ask("bea", "write", "plans/a") with data.rbac.config as config
}
