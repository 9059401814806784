package graduation_test

import data.graduation

test_lowest[note] if {
	some note, [candidates, want] in {
		"one": [{"suggest"}, "suggest"],
		"several": [{"allow", "require_approval", "allow_guarded"}, "require_approval"],
		"not an outcome": [{"allow", "permit"}, "deny"],
	}
	graduation.lowest(candidates) == want
}

test_duties_come_in_the_order_of_their_names if {
	graduation.obligations({"post_verify", "audit", "redact_sensitive"}) == [
		{"id": "audit", "performer": "pdp"},
		{"id": "post_verify", "performer": "pdp", "properties": {"hours": 24}},
		{"id": "redact_sensitive", "performer": "pep"},
	]
}

test_parameters_of_a_duty_may_deviate_by_tier[tier] if {
	some tier, want in {"low": 0.05, "standard": 0.05, "high": 0.2}
	found := graduation.obligation("post_hoc_review") with input as but(write, {"agent": {"tier": tier}})
	found == {"id": "post_hoc_review", "performer": "pdp", "properties": {"sample": want}}
}

test_duty_without_tiers_in_the_data_is_as_described if {
	found := graduation.obligation("post_hoc_review") with input as but(write, {"agent": {"tier": "high"}})
		with data.graduation.config as object.remove(data.graduation.config, ["tier_obligations"])
	found.properties == {"sample": 0.05}
}

test_no_tier_is_laxer_than_that_of_less_consequence[stricter] if {
	some stricter, laxer in {"high": "standard", "standard": "low"}
	every level, row in data.graduation.config.matrix[laxer] {
		every band, outcome in row {
			own := data.graduation.config.matrix[stricter][level][band]
			graduation.outcome_rank[own] <= graduation.outcome_rank[outcome]
		}
	}
}

test_duty_nobody_described_is_the_enforcement_points if {
	graduation.obligation("dance") == {"id": "dance", "performer": "pep"}
}

test_override[note] if {
	some note, [overrides, want] in {
		"none": [{}, {}],
		"another section": [{"environments": {}}, {}],
		"another name": [{"categories": {"b": 1}}, {}],
		"a value": [{"categories": {"a": "deny"}}, {"value": "deny"}],
		"false is a value": [{"categories": {"a": false}}, {"value": false}],
		"null is none": [{"categories": {"a": null}}, {}],
		"a section that is no object": [{"categories": "deny"}, {"malformed": true}],
		"a section that is a list": [{"categories": ["a"]}, {"malformed": true}],
		"no object at all": ["deny", {"malformed": true}],
		"null": [null, {"malformed": true}],
	}
	found := graduation.override(["categories", "a"]) with input as {"overrides": overrides}
	found == want
}

test_overridden_outcome[note] if {
	some note, [overrides, want] in {
		"none": [{}, "allow"],
		"stricter": [{"categories": {"a": "suggest"}}, "suggest"],
		"no outcome": [{"categories": {"a": "sugest"}}, "deny"],
		"no text": [{"categories": {"a": 4}}, "deny"],
		"no object": [{"categories": 4}, "deny"],
	}
	found := graduation.overridden_outcome(["categories", "a"], "allow") with input as {"overrides": overrides}
	found == want
}

test_tier[note] if {
	some note, [agent, want] in {
		"known": [{"known": true, "tier": "low"}, "low"],
		"not known": [{"known": false, "tier": "low"}, "high"],
		"no such tier": [{"known": true, "tier": "lowest"}, "high"],
		"missing": [{"known": true}, "high"],
	}
	found := graduation.tier with input as {"agent": agent}
	found == want
}

test_level[note] if {
	some note, [effective, default_level, want] in {
		"trust is lower": [2, 4, 2],
		"catalogue is lower": [4, 1, 1],
		"not a level": [5, 4, 0],
		"between levels": [2.5, 4, 0],
		"text": ["4", 4, 0],
		"catalogue silent": [4, null, 0],
	}
	found := graduation.level with input as {"trust": {"level_effective": effective}, "action": {"default_level": default_level}}
	found == want
}

test_band[note] if {
	some note, [value, want] in {
		"of a write": [write, "medium"],
		"of a read": [read, "read"],
		"read claimed for a write": [but(write, {"risk": {"band": "read"}}), "high"],
		"no such band": [but(write, {"risk": {"band": "none"}}), "high"],
		"fact not available": [but(write, {"risk": {"unavailable": ["amount"]}}), "high"],
		"fact of a read not available": [but(read, {"risk": {"unavailable": ["amount"]}}), "high"],
		"missing": [json.remove(write, ["risk/band"]), "high"],
		"unavailable missing": [json.remove(write, ["risk/unavailable"]), "high"],
	}
	found := graduation.band with input as value
	found == want
}
