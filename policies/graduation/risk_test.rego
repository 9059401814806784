package graduation_test

import data.graduation

test_risk_is_the_row_of_the_highest_level[band] if {
	some band, want in {"low": "allow", "medium": "allow", "high": "require_approval"}
	found := graduation.risk_ceiling with input as but(write, {"risk": {"band": band}})
	found.outcome == want
}

test_risk_of_a_read if {
	found := graduation.risk_ceiling with input as read
	found.outcome == "allow"
	found.obligations == []
}

test_medium_risk_is_logged_more if {
	found := graduation.risk_ceiling with input as write
	duties(found) == {"enhanced_logging"}
}

test_high_risk_is_logged_more_and_approved if {
	found := graduation.risk_ceiling with input as but(write, {"risk": {"band": "high"}})
	duties(found) == {"enhanced_logging", "named_approver"}
}

test_rules_add_their_duties if {
	found := graduation.risk_ceiling with input as but(write, {"risk": {"obligations": ["notify_owner", "notify_owner", "watermark"]}})
	found.obligations == [
		{"id": "enhanced_logging", "performer": "pdp"},
		{"id": "notify_owner", "performer": "pdp"},
		{"id": "watermark", "performer": "pep"},
	]
}

test_duties_that_cannot_be_read_deny[note] if {
	some note, value in {
		"text": but(write, {"risk": {"obligations": "audit"}}),
		"numbers": but(write, {"risk": {"obligations": [1]}}),
		"empty name": but(write, {"risk": {"obligations": [""]}}),
		"long name": but(write, {"risk": {"obligations": [concat("", [letter | some _ in numbers.range(1, 129); letter := "a"])]}}),
		"missing": json.remove(write, ["risk/obligations"]),
	}
	found := graduation.risk_ceiling with input as value
	found.outcome == "deny"
}

test_unavailable_fact_is_high_risk if {
	found := graduation.risk_ceiling with input as but(write, {"risk": {"unavailable": ["amount"]}})
	found.outcome == "require_approval"
	found.reason == "high risk concedes at most require_approval"
}

test_risk_row_can_be_overridden if {
	found := graduation.risk_ceiling with input as but(write, {
		"risk": {"band": "high"},
		"overrides": {"matrix": {"standard": {"4": {"high": "deny"}}}},
	})
	found.outcome == "deny"
}

test_missing_risk_row_denies if {
	found := graduation.risk_ceiling with input as write with data.graduation.config.matrix as {}
	found.reason == "the risk row has no such cell"
	found.outcome == "deny"
}

test_human_is_not_asked_for_risk if {
	found := graduation.risk_ceiling with input as but(write, {"human": true, "risk": {"band": "high"}})
	found.outcome == "allow"
}
