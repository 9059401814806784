# Context ceilings: environment, classification, purpose and the preconditions of the action. Each is there only
# where it applies.
package graduation

# METADATA
# description: The context terms; a proven human has none.
context_ceilings := [] if {
	human
} else := array.concat(
	array.concat(environment_ceilings, classification_ceilings),
	array.concat(purpose_ceilings, precondition_ceilings),
)

# METADATA
# description: Whether the action reads or writes, as the data spells it.
access := "read" if {
	reads
} else := "write"

# METADATA
# description: >-
#   The environments that govern this request: the one that a verified fact names, or else the one that the data assumes,
#   and beside it the one that the request claims. A claim can thus only lower.
environments := array.concat(verified_environments, [name |
	some name in claimed_environments
	not name in verified_environments
])

# METADATA
# description: The environment that a verified fact names, or the one that the data assumes where there is none.
verified_environments := named_environment(input.facts.environment) if {
	input.facts.environment != null
} else := named_environment(object.get(data.graduation.config, "default_environment", "unknown"))

# METADATA
# description: The environment that the request claims.
claimed_environments := named_environment(input.request.context.environment) if {
	input.request.context.environment != null
} else := []

# METADATA
# description: The environment with this name as a list, empty where the name is; `unknown` where it is no text.
named_environment(name) := [] if {
	name == ""
} else := [name] if {
	is_string(name)
} else := ["unknown"]

# METADATA
# description: The ceiling of each environment.
environment_ceilings := [ceiling("context", outcome, reason, set()) |
	some environment in environments
	name := environment_name(environment)
	outcome := environment_outcome(name)
	reason := $"{access} in environment {name}: {outcome}"
]

# METADATA
# description: The environment under which the data knows it, `unknown` where it does not.
environment_name(environment) := environment if {
	data.graduation.config.environments[environment]
} else := environment if {
	override(["environments", environment]) != {}
} else := "unknown"

# METADATA
# description: What an environment concedes to this access.
environment_outcome(name) := overridden_outcome(
	["environments", name, access],
	object.get(
		data.graduation.config.environments,
		[name, access],
		data.graduation.config.environments.unknown[access],
	),
)

# METADATA
# description: The classifications, lowest first.
classifications := ["public", "internal", "personal", "confidential", "restricted"]

# METADATA
# description: The classification and every lower one, lowest first; all of them where the name is not known.
classifications_up_to(name) := [lower_name |
	some index, lower_name in classifications
	not name in array.slice(classifications, 0, index)
]

# METADATA
# description: The classification of the data touched; the highest where it cannot be read.
classification := input.classification if {
	is_string(input.classification)
} else := "restricted"

# METADATA
# description: Nobody said how the data is classified, so it has the classification assumed then.
classification_is_assumed if {
	classification == "internal"
	not classification_is_stated
}

# METADATA
# description: The catalogue says how the data is classified, or the request claims that it is more than public.
classification_is_stated if {
	is_string(input.action.classification)
} else if {
	is_more_than_public(input.request.resource.properties.classification)
} else if {
	is_more_than_public(input.request.context.classification)
}

# METADATA
# description: A claimed classification that binds. That data is public is nothing a request can say, so it is as if nobody had.
is_more_than_public(claimed) if {
	is_string(claimed)
	claimed != "public"
}

# METADATA
# description: The ceilings of the classification rules, for writes.
classification_ceilings := [found |
	not classification_is_assumed
	not reads
	some name in classifications_up_to(classification)
	rule := classification_rule(name)
	found := classification_ceiling(name, rule)
]

# METADATA
# description: The rule for a classification, the tenant's before the shipped one; undefined where there is none.
classification_rule(name) := rule if {
	rule := override(["classification", name]).value
} else := {} if {
	override(["classification", name]).malformed
} else := data.graduation.config.classification[name]

# METADATA
# description: The ceiling a classification rule gives at the trust of the scope; a rule that cannot be read denies.
classification_ceiling(name, rule) := ceiling("context", "allow", reason, set()) if {
	score > rule.allow_above
	rule.allow_above >= rule.approval_from
	reason := $"{name} data: trust above {rule.allow_above}"
} else := ceiling("context", "require_approval", reason, set()) if {
	score >= rule.approval_from
	rule.allow_above >= rule.approval_from
	reason := $"{name} data: trust is not above {rule.allow_above}"
} else := ceiling("context", "deny", $"{name} data: trust is too low to write", duties) if {
	duties := {id | some id in object.get(rule, "below_obligations", [])}
}

# METADATA
# description: The trust in this scope; 0 where it is no number from 0 to 1.
score := input.trust.score if {
	is_number(input.trust.score)
	input.trust.score >= 0
	input.trust.score <= 1
} else := 0

# METADATA
# description: >-
#   A ceiling for each list of purposes that binds the scope and that the purpose is not on; deny where the list cannot be
#   read. A purpose that is only claimed fits none.
purpose_ceilings := [purpose_ceiling(purposes) |
	some purposes in scope_purposes
	not purpose_fits(purposes)
]

# METADATA
# description: The lists of purposes that bind the scope, the shipped one and the tenant's beside it. The tenant can thus only narrow.
scope_purposes := array.concat(shipped_purposes, tenant_purposes)

# METADATA
# description: The trust scope of the action, empty where there is none.
trust_scope := object.get(input, ["action", "scope"], "")

# METADATA
# description: The purposes that the data binds the scope to.
shipped_purposes := [purposes |
	some purposes in [object.get(data.graduation.config, ["purposes", trust_scope], null)]
	purposes != null
]

# METADATA
# description: The purposes that the tenant binds the scope to.
tenant_purposes := [purposes] if {
	purposes := override(["purposes", trust_scope]).value
} else := ["malformed"] if {
	override(["purposes", trust_scope]).malformed
} else := []

# METADATA
# description: The purpose that a verified fact names is on this list.
purpose_fits(purposes) if {
	purposes_are_readable(purposes)
	input.facts.purpose in purposes
}

# METADATA
# description: The purposes are a list of names.
purposes_are_readable(purposes) if {
	is_array(purposes)
	every purpose in purposes {
		is_string(purpose)
	}
}

# METADATA
# description: The ceiling for a list of purposes that the purpose is not on.
purpose_ceiling(purposes) := ceiling("context", "require_approval", reason, set()) if {
	purposes_are_readable(purposes)
	reason := $"scope {trust_scope} is not used for this purpose without a person"
} else := ceiling("context", "deny", $"the purposes of scope {trust_scope} cannot be read", set())

# METADATA
# description: What must hold before the action runs without a person; one that cannot hold where the list cannot be read.
preconditions := input.action.preconditions if {
	is_array(input.action.preconditions)
} else := [{}]

# METADATA
# description: One ceiling for each precondition that does not hold by a verified fact.
precondition_ceilings := [ceiling("context", "require_approval", reason, set()) |
	some precondition in preconditions
	not precondition_holds(precondition)
	reason := $"not verified: {precondition_text(precondition)}"
]

# METADATA
# description: A verified fact says that the precondition holds.
precondition_holds(precondition) if {
	input.facts[precondition.fact] == precondition.equals
} else if {
	is_number(input.facts[precondition.fact])
	input.facts[precondition.fact] <= precondition.at_most
} else if {
	is_number(input.facts[precondition.fact])
	input.facts[precondition.fact] >= precondition.at_least
}

# METADATA
# description: The precondition in words.
precondition_text(precondition) := $"{precondition.fact} equals {precondition.equals}" if {
	precondition.equals != null
} else := $"{precondition.fact} at most {precondition.at_most}" if {
	is_number(precondition.at_most)
} else := $"{precondition.fact} at least {precondition.at_least}" if {
	is_number(precondition.at_least)
} else := "a precondition that cannot be read"
