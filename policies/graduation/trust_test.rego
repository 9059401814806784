package graduation_test

import data.graduation

# METADATA
# description: The matrix of the trust model, cell by cell.
test_matrix[cell] if {
	some tier, rows in {
		"standard": {
			0: ["allow_guarded", "deny", "deny", "deny"],
			1: ["allow_guarded", "suggest", "suggest", "deny"],
			2: ["allow", "require_approval", "require_approval", "suggest"],
			3: ["allow", "allow_guarded", "allow_guarded", "require_approval"],
			4: ["allow", "allow", "allow", "require_approval"],
		},
		"high": {
			0: ["allow_guarded", "deny", "deny", "deny"],
			1: ["allow_guarded", "suggest", "suggest", "deny"],
			2: ["allow", "require_approval", "require_approval", "deny"],
			3: ["allow", "allow_guarded", "require_approval", "require_approval"],
			4: ["allow", "allow", "allow_guarded", "require_approval"],
		},
	}
	some level, row in rows
	some column, want in row
	cell := $"{tier} {level} {column}"
	found := graduation.trust_ceiling with input as at(tier, level, ["read", "low", "medium", "high"][column])
	found.outcome == want
}

at(tier, level, band) := but(write, {
	"agent": {"tier": tier},
	"trust": {"level_effective": level},
	"risk": {"band": band},
	"action": {"category": {"read": "read_only"}[band]},
}) if {
	band == "read"
} else := but(write, {"agent": {"tier": tier}, "trust": {"level_effective": level}, "risk": {"band": band}})

test_every_matrix_is_monotone[tier] if {
	some tier, matrix in data.graduation.config.matrix
	rank := graduation.outcome_rank
	every level in [0, 1, 2, 3, 4] {
		row := matrix[format_int(level, 10)]
		rank[row.read] >= rank[row.low]
		rank[row.low] >= rank[row.medium]
		rank[row.medium] >= rank[row.high]
		every band, outcome in object.get(matrix, format_int(level + 1, 10), {}) {
			rank[outcome] >= rank[row[band]]
		}
	}
}

test_low_tier_is_never_stricter_and_equal_at_high_risk if {
	every level, row in data.graduation.config.matrix.low {
		every band, outcome in row {
			graduation.outcome_rank[outcome] >= graduation.outcome_rank[data.graduation.config.matrix.standard[level][band]]
		}
		row.high == data.graduation.config.matrix.standard[level].high
	}
}

test_low_tier_is_lighter if {
	found := graduation.trust_ceiling with input as at("low", 2, "low")
	found.outcome == "allow_guarded"
}

test_catalogue_caps_the_level if {
	found := graduation.trust_ceiling with input as but(write, {"action": {"default_level": 2}, "trust": {"level_effective": 4}})
	found.outcome == "require_approval"
	found.reason == "level L2 at medium risk concedes require_approval"
}

test_level_0_does_not_touch_sensitive_data if {
	found := graduation.trust_ceiling with input as but(read, {"trust": {"level_effective": 0}, "sensitive": true})
	found.outcome == "deny"
}

test_level_0_reads_plain_data if {
	found := graduation.trust_ceiling with input as but(read, {"trust": {"level_effective": 0}, "sensitive": false})
	found.outcome == "allow_guarded"
	every duty in found.obligations {
		duty.performer == "pdp"
	}
}

test_level_0_counts_data_as_sensitive_when_nobody_says if {
	found := graduation.trust_ceiling with input as json.remove(but(read, {"trust": {"level_effective": 0}}), ["sensitive"])
	found.outcome == "deny"
}

test_level_1_reads_sensitive_data if {
	found := graduation.trust_ceiling with input as but(read, {"trust": {"level_effective": 1}, "sensitive": true})
	found.outcome == "allow_guarded"
}

test_matrix_override[note] if {
	some note, [overrides, want] in {
		"stricter cell": [{"matrix": {"standard": {"3": {"medium": "require_approval"}}}}, "require_approval"],
		"looser cell": [{"matrix": {"standard": {"3": {"medium": "allow"}}}}, "allow"],
		"another tier": [{"matrix": {"low": {"3": {"medium": "deny"}}}}, "allow_guarded"],
		"no outcome": [{"matrix": {"standard": {"3": {"medium": "approve"}}}}, "deny"],
		"no matrix": [{"matrix": []}, "deny"],
		"row that is no object": [{"matrix": {"standard": {"3": "allow"}}}, "deny"],
	}
	found := graduation.trust_ceiling with input as but(write, {"overrides": overrides})
	found.outcome == want
}

test_matrix_without_the_cell_denies if {
	found := graduation.trust_ceiling with input as write with data.graduation.config.matrix as {}
	found.outcome == "deny"
	found.reason == "the trust matrix has no such cell"
}

test_human_is_not_asked_for_trust if {
	found := graduation.trust_ceiling with input as but(write, {"human": true, "trust": {"level_effective": 0}})
	found.outcome == "allow"
	duties(found) == {"audit"}
}

test_trust_duties[note] if {
	some note, [value, want] in {
		"guarded": [write, {"audit", "post_verify"}],
		"approval": [at("standard", 2, "medium"), {"audit", "named_approver"}],
		"autonomous": [at("standard", 4, "medium"), {"audit", "post_hoc_review"}],
		"denied": [at("standard", 0, "medium"), {"audit"}],
		"watched": [but(write, {"trust": {"incident": {"state": "watch"}}}), {"audit", "post_verify"}],
		"incident": [but(write, {"trust": {"incident": {"state": "open"}}}), {"audit", "post_verify", "alert_soc"}],
		"incident not told": [json.remove(write, ["trust/incident"]), {"audit", "post_verify", "alert_soc"}],
		"no trust read": [but(write, {"trust": null}), {"audit"}],
	}
	found := graduation.trust_ceiling with input as value
	duties(found) == want
}

test_open_incident_redacts_where_the_data_asks if {
	found := graduation.trust_ceiling with input as but(write, {"classification": "personal", "trust": {"incident": {"state": "open"}}})
		with data.graduation.config.incident_redacts as ["personal"]
	{"id": "redact_sensitive", "performer": "pep"} in found.obligations
}

test_open_incident_redacts_data_of_a_higher_classification if {
	found := graduation.trust_ceiling with input as but(write, {"classification": "restricted", "trust": {"incident": {"state": "open"}}})
		with data.graduation.config.incident_redacts as ["personal"]
	"redact_sensitive" in duties(found)
}

test_open_incident_does_not_redact_other_data if {
	found := graduation.trust_ceiling with input as but(write, {"trust": {"incident": {"state": "open"}}})
		with data.graduation.config.incident_redacts as ["personal"]
	not "redact_sensitive" in duties(found)
}

# Supervised

supervised(members) := but(write, object.union(
	{"action": {"disposition": "require_approval", "supervised": true}, "trust": {"level_effective": 1, "score": 0.34}},
	members,
))

test_supervised_scope_asks_a_person_one_rung_early if {
	found := graduation.trust_ceiling with input as supervised({})
	found.outcome == "require_approval"
	duties(found) == {"audit", "named_approver"}
}

test_supervised_scope_asks_only[note] if {
	some note, [members, want] in {
		"at L1, not below": [{"trust": {"level_effective": 0}}, "deny"],
		"above it the matrix says": [{"trust": {"level_effective": 3, "score": 0.8}}, "allow_guarded"],
		"where the action is listed": [{"action": {"disposition": "none"}}, "suggest"],
		"by the word of the catalogue": [{"action": {"supervised": "true"}}, "suggest"],
		"where risk allows": [{"risk": {"band": "high", "points": 5}}, "deny"],
		"where the matrix asks at L2": [{"overrides": {"matrix": {"standard": {"2": {"medium": "suggest"}}}}}, "suggest"],
		"where the matrix takes suggestions at L1": [{"overrides": {"matrix": {"standard": {"1": {"medium": "deny"}}}}}, "deny"],
		"within the cap of the catalogue": [{"action": {"default_level": 0}, "trust": {"level_effective": 4}}, "deny"],
	}
	found := graduation.trust_ceiling with input as supervised(members)
	found.outcome == want
}

test_supervised_scope_does_not_lower_a_read if {
	found := graduation.trust_ceiling with input as but(read, {
		"action": {"disposition": "require_approval", "supervised": true},
		"trust": {"level_effective": 1},
	})
	found.outcome == "allow_guarded"
}
