# Terms: what every ceiling is made of: the order of outcomes, duties by name, tenant overrides, and the five things
# each rule asks of the input. Whatever is missing or malformed counts as the worst it could be.
package graduation

# METADATA
# description: The outcomes, lowest first.
outcomes := ["deny", "suggest", "require_approval", "allow_guarded", "allow"]

# METADATA
# description: The place of each outcome in the order.
outcome_rank := {outcome: rank | some rank, outcome in outcomes}

# METADATA
# description: The lowest of the outcomes given; a name that is no outcome counts as deny.
lowest(candidates) := outcomes[min({object.get(outcome_rank, outcome, 0) | some outcome in candidates})]

# METADATA
# description: The ceiling with this source, outcome and reason, with the duties named beside those of the outcome.
ceiling(source, outcome, reason, duties) := {
	"source": source,
	"outcome": outcome,
	"reason": reason,
	"obligations": obligations(duties | {id | some id in data.graduation.config.outcome_obligations[outcome]}),
	"guardrails": {},
}

# METADATA
# description: The duties with these names, in the order of their names.
obligations(ids) := [obligation(id) | some id in sort(ids)]

# METADATA
# description: >-
#   The duty with this name, with the parameters of the agent's tier. One that nobody described falls to the enforcement
#   point, which denies it unless it knows it.
obligation(id) := object.union(object.union({"id": id}, described), {"properties": deviations}) if {
	described := data.graduation.config.obligations[id]
	deviations := data.graduation.config.tier_obligations[tier][id]
} else := object.union({"id": id}, described) if {
	described := data.graduation.config.obligations[id]
} else := {"id": id, "performer": "pep"}

# METADATA
# description: >-
#   What the tenant put at a path of its overrides: an object with `value`, an empty object where it put nothing, an
#   object with `malformed` where something on the way is not an object.
override(path) := {} if {
	object.get(input, "overrides", {}) == {}
} else := {"value": value} if {
	some value in [object.get(input.overrides, path, null)]
	value != null
} else := {} if {
	is_object(input.overrides)
	every size in numbers.range(1, count(path) - 1) {
		is_object(object.get(input.overrides, array.slice(path, 0, size), {}))
	}
} else := {"malformed": true}

# METADATA
# description: The outcome the tenant put at a path, otherwise the shipped one; deny where the tenant's is no outcome.
overridden_outcome(path, shipped) := shipped if {
	override(path) == {}
} else := outcome if {
	outcome := override(path).value
	outcome in outcomes
} else := "deny"

default human := false

# METADATA
# description: The credential proved a human, and no agent is in the chain.
human if input.human == true

# METADATA
# description: The action changes nothing. An action nobody knows does not count as harmless.
reads if {
	input.action.known == true
	input.action.category == "read_only"
}

# METADATA
# description: The agent's consequence tier; the strictest where it is not known.
tier := input.agent.tier if {
	input.agent.known == true
	input.agent.tier in {"low", "standard", "high"}
} else := "high"

# METADATA
# description: The level the action is decided on, which the catalogue may cap; 0 where either is not known.
level := lower_level if {
	input.trust.level_effective in {0, 1, 2, 3, 4}
	input.action.default_level in {0, 1, 2, 3, 4}
	lower_level := min([input.trust.level_effective, input.action.default_level])
} else := 0

# METADATA
# description: The risk band; the highest where it is not known, where a fact was not available, or where only a read could have it.
band := input.risk.band if {
	input.risk.unavailable == []
	input.risk.band in {"low", "medium", "high"}
} else := "read" if {
	input.risk.unavailable == []
	input.risk.band == "read"
	reads
} else := "high"

# METADATA
# description: The matrix cell of this agent's tier; what the tenant put there comes before what is shipped.
cell(row, column) := overridden_outcome(
	["matrix", tier, format_int(row, 10), column],
	data.graduation.config.matrix[tier][format_int(row, 10)][column],
)
