package graduation_test

import data.graduation

# Environments

test_environment[note] if {
	some note, [value, environment, want] in {
		"write in production": [write, "production", {"allow_guarded"}],
		"read in production": [read, "production", {"allow"}],
		"write in development": [write, "development", {"allow"}],
		"write somewhere": [write, "moon", {"require_approval"}],
		"read somewhere": [read, "moon", {"allow"}],
		"unknown by name": [write, "unknown", {"require_approval"}],
		"not a text": [write, 7, {"require_approval"}],
		"empty": [write, "", set()],
	}
	found := graduation.environment_ceilings with input as but(value, {"request": {"context": {"environment": environment}}})
	{ceiling.outcome | some ceiling in found} == want
}

test_without_an_environment_there_is_no_such_ceiling if {
	found := graduation.environment_ceilings with input as write
	found == []
}

test_default_environment_governs_requests_that_name_none if {
	found := graduation.environment_ceilings with input as write with data.graduation.config.default_environment as "production"
	{ceiling.reason | some ceiling in found} == {"write in environment production: allow_guarded"}
}

test_environment_override[note] if {
	some note, [environments, environment, want] in {
		"stricter": [{"production": {"write": "deny"}}, "production", "deny"],
		"new": [{"vault": {"write": "suggest"}}, "vault", "suggest"],
		"new without this access": [{"vault": {"read": "allow"}}, "vault", "require_approval"],
		"no outcome": [{"production": {"write": "no"}}, "production", "deny"],
		"no object": [{"production": "allow"}, "production", "deny"],
		"new, no object": [{"vault": "allow"}, "vault", "deny"],
	}
	found := graduation.environment_ceilings with input as but(write, {
		"request": {"context": {"environment": environment}},
		"overrides": {"environments": environments},
	})
	{ceiling.outcome | some ceiling in found} == {want}
}

test_environment_that_is_verified[note] if {
	some note, [facts, context, want] in {
		"verified alone": [{"environment": "production"}, {}, ["allow_guarded"]],
		"verified, claimed to be milder": [{"environment": "production"}, {"environment": "development"}, ["allow_guarded", "allow"]],
		"verified, claimed to be stricter": [{"environment": "development"}, {"environment": "production"}, ["allow", "allow_guarded"]],
		"verified and claimed alike": [{"environment": "production"}, {"environment": "production"}, ["allow_guarded"]],
		"verified, not a text": [{"environment": 7}, {"environment": "development"}, ["require_approval", "allow"]],
		"only claimed": [{}, {"environment": "development"}, ["allow"]],
		"empty claim": [{"environment": "production"}, {"environment": ""}, ["allow_guarded"]],
	}
	found := graduation.environment_ceilings with input as but(write, {"facts": facts, "request": {"context": context}})
	[ceiling.outcome | some ceiling in found] == want
}

test_claimed_environment_does_not_lift_the_default_one[claimed] if {
	some claimed in ["development", "production", "", "moon", 7]
	found := graduation.environment_ceilings with input as but(write, {"request": {"context": {"environment": claimed}}})
		with data.graduation.config.default_environment as "production"
	"allow_guarded" in {ceiling.outcome | some ceiling in found}
}

test_without_a_default_environment_in_the_data_it_is_unknown if {
	found := graduation.environment_ceilings with input as write
		with data.graduation.config as object.remove(data.graduation.config, ["default_environment"])
	{ceiling.outcome | some ceiling in found} == {"require_approval"}
}

test_verified_environment_stands_in_for_the_default_one if {
	found := graduation.environment_ceilings with input as but(write, {"facts": {"environment": "development"}})
		with data.graduation.config.default_environment as "production"
	{ceiling.outcome | some ceiling in found} == {"allow"}
}

# Classification

test_internal_data[note] if {
	some note, [score, want] in {
		"above .8": [0.8001, "allow"],
		"at .8": [0.8, "require_approval"],
		"at .5": [0.5, "require_approval"],
		"below .5": [0.4999, "deny"],
		"not a number": ["1", "deny"],
		"beyond 1": [1.5, "deny"],
		"negative": [-1, "deny"],
	}
	found := graduation.classification_ceilings with input as but(write, {
		"action": {"classification": "internal"},
		"trust": {"score": score},
	})
	{ceiling.outcome | some ceiling in found} == {want}
}

test_denied_write_to_internal_data_alerts if {
	found := graduation.classification_ceilings with input as but(write, {
		"action": {"classification": "internal"},
		"trust": {"score": 0.3},
	})
	{duty | some ceiling in found; some duty in duties(ceiling)} == {"alert_soc"}
}

test_missing_score_denies_writes_to_internal_data if {
	found := graduation.classification_ceilings with input as json.remove(
		but(write, {"action": {"classification": "internal"}}),
		["trust/score"],
	)
	{ceiling.outcome | some ceiling in found} == {"deny"}
}

test_reads_have_no_classification_ceiling if {
	found := graduation.classification_ceilings with input as but(read, {
		"action": {"classification": "internal"},
		"trust": {"score": 0.1},
	})
	found == []
}

test_stated_classification[note] if {
	some note, [members, want] in {
		"assumed": [{}, 0],
		"by the catalogue": [{"action": {"classification": "internal"}}, 1],
		"by the resource": [{"request": {"resource": {"properties": {"classification": "internal"}}}}, 1],
		"by the context": [{"request": {"context": {"classification": "internal"}}}, 1],
		"public": [{"classification": "public"}, 0],
		"claimed to be public": [{"request": {"resource": {"properties": {"classification": "public"}}}}, 0],
		"claimed to be public by the context": [{"request": {"context": {"classification": "public"}}}, 0],
		"higher than internal": [{"classification": "personal"}, 1],
		"highest": [{"classification": "restricted"}, 1],
		"no such classification": [{"classification": "top-secret"}, 1],
		"not a text": [{"classification": 1}, 1],
	}
	found := graduation.classification_ceilings with input as but(write, members)
	count(found) == want
}

test_missing_classification_is_the_highest if {
	found := graduation.classification_ceilings with input as json.remove(but(write, {"trust": {"score": 0.1}}), ["classification"])
	{ceiling.outcome | some ceiling in found} == {"deny"}
}

test_classification_override[note] if {
	some note, [classification, rules, want] in {
		"stricter": ["internal", {"internal": {"allow_above": 0.9, "approval_from": 0.7}}, {"require_approval"}],
		"no duties below": ["internal", {"internal": {"allow_above": 0.95, "approval_from": 0.9}}, {"deny"}],
		"of a higher one": ["personal", {"personal": {"allow_above": 1, "approval_from": 0.9}}, {"allow", "deny"}],
		"upside down": ["internal", {"internal": {"allow_above": 0.1, "approval_from": 0.5}}, {"deny"}],
		"empty": ["internal", {"internal": {}}, {"deny"}],
		"no object": ["internal", {"internal": "allow"}, {"deny"}],
		"text": ["internal", {"internal": {"allow_above": "0", "approval_from": "0"}}, {"deny"}],
		"section is no object": ["internal", "allow", {"deny"}],
	}
	found := graduation.classification_ceilings with input as but(write, {
		"classification": classification,
		"action": {"classification": classification},
		"overrides": {"classification": rules},
	})
	{ceiling.outcome | some ceiling in found} == want
}

# Purpose

test_scope_bound_to_a_purpose[note] if {
	some note, [facts, want] in {
		"fits": [{"purpose": "audit"}, set()],
		"another": [{"purpose": "curiosity"}, {"require_approval"}],
		"missing": [{}, {"require_approval"}],
	}
	found := graduation.purpose_ceilings with input as but(write, {"facts": facts})
		with data.graduation.config.purposes as {"records": ["audit", "repair"]}
	{ceiling.outcome | some ceiling in found} == want
}

test_purpose_that_only_the_request_claims_does_not_fit if {
	found := graduation.purpose_ceilings with input as but(write, {"request": {"context": {"purpose": "audit", "facts": {"purpose": "audit"}}}})
		with data.graduation.config.purposes as {"records": ["audit"]}
	{ceiling.outcome | some ceiling in found} == {"require_approval"}
}

test_other_scopes_are_not_bound if {
	found := graduation.purpose_ceilings with input as but(write, {"overrides": {"purposes": {"letters": []}}})
		with data.graduation.config.purposes as {"files": ["audit"]}
	found == []
}

test_tenant_binds_a_scope_that_the_data_leaves_free[note] if {
	some note, [facts, purposes, want] in {
		"fits": [{"purpose": "audit"}, ["audit"], set()],
		"another": [{"purpose": "curiosity"}, ["audit"], {"require_approval"}],
		"missing": [{}, ["audit"], {"require_approval"}],
		"empty list": [{"purpose": "audit"}, [], {"require_approval"}],
		"no override": [{}, null, set()],
	}
	found := graduation.purpose_ceilings with input as but(write, {"facts": facts, "overrides": {"purposes": {"records": purposes}}})
	{ceiling.outcome | some ceiling in found} == want
}

test_tenant_narrows_the_purposes_of_the_data_and_adds_none[note] if {
	some note, [purpose, want] in {
		"on both lists": ["audit", set()],
		"only in the data": ["repair", {"require_approval"}],
		"only the tenant's": ["growth", {"require_approval"}],
	}
	found := graduation.purpose_ceilings with input as but(write, {"facts": {"purpose": purpose}, "overrides": {"purposes": {"records": ["audit", "growth"]}}})
		with data.graduation.config.purposes as {"records": ["audit", "repair"]}
	{ceiling.outcome | some ceiling in found} == want
}

test_purposes_that_cannot_be_read_deny[note] if {
	some note, purposes in {
		"section": "audit",
		"list": {"records": "audit"},
		"object": {"records": {"any": "audit"}},
		"entry": {"records": ["audit", 1]},
	}
	found := graduation.purpose_ceilings with input as but(write, {"facts": {"purpose": "audit"}, "overrides": {"purposes": purposes}})
	{ceiling.outcome | some ceiling in found} == {"deny"}
}

# Preconditions

test_preconditions[note] if {
	some note, [precondition, facts, want] in {
		"equals": [{"fact": "checked", "equals": true}, {"checked": true}, set()],
		"equals another": [{"fact": "checked", "equals": true}, {"checked": "true"}, {"not verified: checked equals true"}],
		"equals missing": [{"fact": "checked", "equals": true}, {}, {"not verified: checked equals true"}],
		"equals false": [{"fact": "frozen", "equals": false}, {"frozen": false}, set()],
		"at most": [{"fact": "complexity", "at_most": 5}, {"complexity": 5}, set()],
		"above at most": [{"fact": "complexity", "at_most": 5}, {"complexity": 6}, {"not verified: complexity at most 5"}],
		"at most missing": [{"fact": "complexity", "at_most": 5}, {}, {"not verified: complexity at most 5"}],
		"at most of null": [{"fact": "complexity", "at_most": 5}, {"complexity": null}, {"not verified: complexity at most 5"}],
		"at least": [{"fact": "reviews", "at_least": 2}, {"reviews": 2}, set()],
		"below at least": [{"fact": "reviews", "at_least": 2}, {"reviews": 1}, {"not verified: reviews at least 2"}],
		"at least of text": [{"fact": "reviews", "at_least": 2}, {"reviews": "9"}, {"not verified: reviews at least 2"}],
		"unreadable": [{}, {}, {"not verified: a precondition that cannot be read"}],
	}
	found := graduation.precondition_ceilings with input as but(write, {"action": {"preconditions": [precondition]}, "facts": facts})
	{ceiling.reason | some ceiling in found} == want
	every ceiling in found {
		ceiling.outcome == "require_approval"
	}
}

test_every_precondition_counts if {
	found := graduation.precondition_ceilings with input as but(write, {
		"action": {"preconditions": [{"fact": "checked", "equals": true}, {"fact": "complexity", "at_most": 5}]},
		"facts": {"checked": true},
	})
	count(found) == 1
}

test_preconditions_that_are_no_list_need_approval if {
	found := graduation.precondition_ceilings with input as but(write, {"action": {"preconditions": "none"}})
	count(found) == 1
}

test_context_ceilings_are_all_of_them if {
	found := graduation.context_ceilings with input as but(write, {
		"action": {"classification": "internal", "preconditions": [{"fact": "checked", "equals": true}]},
		"request": {"context": {"environment": "production"}},
		"overrides": {"purposes": {"records": ["audit"]}},
	})
	{ceiling.outcome | some ceiling in found} == {"allow", "allow_guarded", "require_approval"}
	count(found) == 4
}

test_human_has_no_context_ceilings if {
	found := graduation.context_ceilings with input as but(write, {
		"human": true,
		"request": {"context": {"environment": "moon"}},
	})
	found == []
}
