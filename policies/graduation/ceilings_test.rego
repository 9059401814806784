package graduation_test

import data.graduation

# METADATA
# description: Trust, risk and category are there exactly once, as ceilings, for any input.
test_mandatory_sources_are_there_once_for_hostile_input[index] if {
	some index, value in hostile
	found := graduation.ceilings with input as value
	every source in ["trust", "risk", "category"] {
		count([ceiling | some ceiling in found; ceiling.source == source]) == 1
	}
	every ceiling in found {
		ceiling.outcome in graduation.outcomes
		ceiling.source in {"trust", "risk", "category", "context", "guardrails"}
		count(ceiling.reason) > 0
		is_array(ceiling.obligations)
		is_object(ceiling.guardrails)
	}
}

# Hostile inputs that say nothing useful get nothing at all.
test_input_that_says_nothing_is_denied[index] if {
	some index, value in array.slice(hostile, 0, 8)
	found := graduation.ceilings with input as value
	{outcome | some ceiling in found; ceiling.source == "trust"; outcome := ceiling.outcome} == {"deny"}
	{outcome | some ceiling in found; ceiling.source == "category"; outcome := ceiling.outcome} == {"deny"}
}

test_no_input_is_denied if {
	found := graduation.ceilings
	count(found) >= 3
	"deny" in {ceiling.outcome | some ceiling in found}
}

test_plain_write_has_three_ceilings_and_the_caps_of_the_data if {
	found := graduation.ceilings with input as write
	{[ceiling.source, ceiling.outcome] | some ceiling in found} == {
		["trust", "allow_guarded"],
		["risk", "allow"],
		["category", "allow"],
	}
}

test_human_keeps_guardrails_only if {
	found := graduation.ceilings with input as but(write, {
		"human": true,
		"trust": {"level_effective": 0, "score": 0},
		"risk": {"band": "high"},
		"request": {"context": {"environment": "production"}},
		"action": {"guardrails": {"amount_max": 5}, "preconditions": [{"fact": "checked", "equals": true}]},
	})
	{[ceiling.source, ceiling.outcome, ceiling.guardrails] | some ceiling in found} == {
		["trust", "allow", {}],
		["risk", "allow", {}],
		["category", "allow", {}],
		["guardrails", "allow", {"amount_max": 5}],
	}
}

# Taking any attribute away never raises the lowest outcome of the ceilings.
test_missing_attribute_never_raises[path] if {
	some value in [write, read, worst_case]
	before := graduation.ceilings with input as value
	some path in attributes
	after := graduation.ceilings with input as json.remove(value, [path])
	graduation.outcome_rank[overall(after)] <= graduation.outcome_rank[overall(before)]
}

overall(ceilings) := graduation.lowest({ceiling.outcome | some ceiling in ceilings})

worst_case := but(write, {
	"action": {"preconditions": [{"fact": "checked", "equals": true}], "classification": "internal"},
	"trust": {"score": 0.6},
	"facts": {"checked": false},
})

attributes := [
	"human",
	"agent",
	"agent/tier",
	"agent/known",
	"action",
	"action/known",
	"action/category",
	"action/default_level",
	"action/disposition",
	"action/negative_signal",
	"action/preconditions",
	"action/guardrails",
	"trust",
	"trust/score",
	"trust/level_effective",
	"trust/incident",
	"risk",
	"risk/band",
	"risk/obligations",
	"risk/unavailable",
	"classification",
	"sensitive",
	"facts",
]
