package graduation_test

import data.graduation

caps_data := {
	"scopes": {"records": {"actions_per_hour_max": 10}},
	"tools": {"change_record": {"amount_max": 5}},
	"agents": {"an-agent": {"recipient_domains": ["one.example"]}},
	"tiers": {"standard": {"actions_per_day_max": 100}},
}

test_caps_come_from_every_origin if {
	found := graduation.guardrails_ceilings with input as but(write, {"action": {"guardrails": {"amount_max": 9}}})
		with data.graduation.config.guardrails as caps_data
	{[ceiling.reason, ceiling.outcome, ceiling.guardrails] | some ceiling in found} == {
		["caps of scopes", "allow", {"actions_per_hour_max": 10}],
		["caps of tools", "allow", {"amount_max": 5}],
		["caps of agents", "allow", {"recipient_domains": ["one.example"]}],
		["caps of tiers", "allow", {"actions_per_day_max": 100}],
		["caps of the catalogue", "allow", {"amount_max": 9}],
	}
}

test_without_caps_there_is_no_guardrails_ceiling if {
	found := graduation.guardrails_ceilings with input as write with data.graduation.config.guardrails as {}
	found == []
}

test_caps_that_cannot_be_read_deny[note] if {
	some note, caps in {
		"negative": {"amount_max": -1},
		"text": {"amount_max": "5"},
		"null": {"amount_max": null},
		"numbers in a list": {"recipient_domains": [1]},
		"empty word in a list": {"recipient_domains": [""]},
		"long list": {"recipient_domains": [word | some number in numbers.range(1, 257); word := format_int(number, 10)]},
		"empty name": {"": 1},
		"list under the name of a cap": {"actions_per_hour_max": ["many"]},
		"list": [],
	}
	found := graduation.catalogue_guardrails with input as {"action": {"guardrails": caps}}
	{ceiling.outcome | some ceiling in found} == {"deny"}
}

test_missing_caps_of_the_catalogue_deny if {
	found := graduation.catalogue_guardrails with input as json.remove(write, ["action/guardrails"])
	{ceiling.outcome | some ceiling in found} == {"deny"}
}

test_tenant_replaces_caps_one_by_one if {
	found := graduation.guardrails_ceilings with input as but(write, {"overrides": {"guardrails": {"scopes": {"records": {"actions_per_hour_max": 3, "records_max": 7}}}}})
		with data.graduation.config.guardrails as {"scopes": {"records": {"actions_per_hour_max": 10, "amount_max": 5}}}
	{ceiling.guardrails | some ceiling in found} == {{"actions_per_hour_max": 3, "amount_max": 5, "records_max": 7}}
}

test_tenant_caps_that_cannot_be_read_deny[note] if {
	some note, guardrails in {
		"section": "none",
		"group": {"scopes": "none"},
		"caps": {"scopes": {"records": "none"}},
		"cap": {"scopes": {"records": {"amount_max": "none"}}},
	}
	found := graduation.guardrails_ceilings with input as but(write, {"overrides": {"guardrails": guardrails}})
		with data.graduation.config.guardrails as caps_data
	"deny" in {ceiling.outcome | some ceiling in found}
}

test_shipped_caps_can_be_read if {
	every names in data.graduation.config.guardrails {
		every caps in names {
			graduation.caps_are_readable(caps)
		}
	}
}

test_empty_list_of_domains_stays if {
	found := graduation.catalogue_guardrails with input as {"action": {"guardrails": {"recipient_domains": []}}}
	{ceiling.guardrails | some ceiling in found} == {{"recipient_domains": []}}
}
