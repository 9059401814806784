package graduation_test

import data.graduation

test_categories[category] if {
	some category, want in {
		"read_only": "allow",
		"local_reversible_write": "allow",
		"external_communication": "require_approval",
		"destructive": "require_approval",
		"financial": "require_approval",
		"permission_escalation": "deny",
		"unknown_action": "deny",
		"teleportation": "deny",
	}
	found := graduation.category_ceiling with input as but(write, {"action": {"category": category}})
	found.outcome == want
}

test_missing_category_denies if {
	found := graduation.category_ceiling with input as json.remove(write, ["action/category"])
	found.outcome == "deny"
}

# Permission escalation

test_permission_escalation_is_denied_whatever_else_is_said[note] if {
	some note, members in {
		"auto_approve": {"action": {"category": "permission_escalation", "disposition": "auto_approve"}},
		"override": {
			"action": {"category": "permission_escalation"},
			"overrides": {"categories": {"permission_escalation": "allow", "unknown_action": "allow"}},
		},
		"full trust": {"action": {"category": "permission_escalation"}, "trust": {"level_effective": 4, "score": 1}},
		"not in the catalogue": {"action": {"category": "permission_escalation", "known": false}},
	}
	found := graduation.category_ceiling with input as but(write, members)
	found.outcome == "deny"
	duties(found) == {"alert_soc"}
}

test_other_categories_are_not_permission_escalation if {
	found := graduation.category_ceiling with input as write
	found.outcome == "allow"
	found.obligations == []
}

# Not in the catalogue

test_unknown_action_is_denied if {
	found := graduation.category_ceiling with input as but(write, {"action": {"known": false}})
	found.outcome == "deny"
}

test_action_not_said_to_be_known_is_denied if {
	found := graduation.category_ceiling with input as json.remove(write, ["action/known"])
	found.outcome == "deny"
}

test_unknown_action_rises_to_approval_at_most[outcome] if {
	some outcome, want in {"suggest": "suggest", "require_approval": "require_approval", "allow": "require_approval", "alow": "deny"}
	found := graduation.category_ceiling with input as but(write, {
		"action": {"known": false},
		"overrides": {"categories": {"unknown_action": outcome}},
	})
	found.outcome == want
}

# Dispositions

test_dispositions[note] if {
	some note, [category, disposition, want] in {
		"auto_approve lifts the category": ["external_communication", "auto_approve", "allow"],
		"none leaves it": ["external_communication", "none", "require_approval"],
		"require_approval lowers it": ["local_reversible_write", "require_approval", "require_approval"],
		"block": ["read_only", "block", "deny"],
		"no such disposition": ["read_only", "approve", "deny"],
		"auto_approve of no category": ["teleportation", "auto_approve", "deny"],
		"require_approval of no category": ["teleportation", "require_approval", "deny"],
	}
	found := graduation.category_ceiling with input as but(write, {"action": {"category": category, "disposition": disposition}})
	found.outcome == want
}

test_missing_disposition_denies if {
	found := graduation.category_ceiling with input as json.remove(write, ["action/disposition"])
	found.outcome == "deny"
	found.reason == "the catalogue's disposition of this action cannot be read"
}

test_approval_names_its_approver if {
	found := graduation.category_ceiling with input as but(write, {"action": {"category": "financial"}})
	found.obligations == [{"id": "named_approver", "performer": "pdp", "properties": {"expiry_minutes": 15}}]
}

# Overrides

test_category_override[note] if {
	some note, [disposition, override, want] in {
		"looser": ["none", "allow", "allow"],
		"stricter": ["none", "suggest", "suggest"],
		"beats auto_approve": ["auto_approve", "suggest", "suggest"],
		"malformed": ["none", true, "deny"],
		"malformed beats auto_approve": ["auto_approve", "never", "deny"],
		"does not lift require_approval": ["require_approval", "allow", "require_approval"],
	}
	found := graduation.category_ceiling with input as but(write, {
		"action": {"category": "external_communication", "disposition": disposition},
		"overrides": {"categories": {"external_communication": override}},
	})
	found.outcome == want
}

# Negative signal

test_write_whose_failure_would_not_show_needs_approval[note] if {
	some note, value in {
		"null": but(write, {"action": {"negative_signal": null}}),
		"empty": but(write, {"action": {"negative_signal": ""}}),
		"missing": json.remove(write, ["action/negative_signal"]),
		"auto_approve": but(write, {"action": {"negative_signal": null, "disposition": "auto_approve"}}),
	}
	found := graduation.category_ceiling with input as value
	found.outcome == "require_approval"
	found.reason == "nothing would show that this action failed"
}

test_read_needs_no_negative_signal if {
	found := graduation.category_ceiling with input as read
	found.outcome == "allow"
}

test_missing_negative_signal_does_not_raise if {
	found := graduation.category_ceiling with input as but(write, {
		"action": {"negative_signal": null},
		"overrides": {"categories": {"local_reversible_write": "suggest"}},
	})
	found.outcome == "suggest"
}

# Rollback

test_rollback_handle_is_the_enforcement_points_duty if {
	found := graduation.category_ceiling with input as but(write, {"action": {"rollback_handle": true}})
	found.obligations == [{"id": "rollback_handle", "performer": "pep"}]
}

test_human_is_not_asked_for_the_category if {
	found := graduation.category_ceiling with input as but(write, {"human": true, "action": {"category": "financial"}})
	found.outcome == "allow"
}
