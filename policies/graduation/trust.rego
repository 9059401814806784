# Trust ceiling: how much of the action the trust that the agent has earned in this scope concedes at this risk.
package graduation

# METADATA
# description: The trust term. There is exactly one, whatever the input.
trust_ceiling := ceiling("trust", "allow", "a proven human acts; trust is not asked", {"audit"}) if {
	human
} else := ceiling("trust", "deny", "level L0 does not touch sensitive data", trust_duties) if {
	level == 0
	not data_is_plain
} else := ceiling("trust", "require_approval", $"level L{level} in a supervised scope: a person is asked", trust_duties) if {
	supervised_asks
} else := ceiling("trust", outcome, $"level L{level} at {band} risk concedes {outcome}", trust_duties) if {
	outcome := cell(level, band)
} else := ceiling("trust", "deny", "the trust matrix has no such cell", trust_duties)

# METADATA
# description: >-
#   The catalogue lists the action for approval in a scope at stage supervised, and its agent stands one rung below that
#   stage: where the stage asks a person at this risk, people are asked here too, instead of only being shown a suggestion.
supervised_asks if {
	input.action.supervised == true
	input.action.disposition == "require_approval"
	level == 1
	cell(1, band) == "suggest"
	outcome_rank[cell(2, band)] >= outcome_rank.require_approval
}

# METADATA
# description: The data touched is known not to be sensitive.
data_is_plain if input.sensitive == false

# METADATA
# description: The duties of the trust term beside those of its outcome.
trust_duties := ({"audit"} | autonomous_duties) | incident_duties

# METADATA
# description: The duties of the highest level.
autonomous_duties := {id | some id in data.graduation.config.autonomous_obligations} if {
	level == 4
} else := set()

# METADATA
# description: The duties while an incident is open, or while its state cannot be told from the trust that was read.
incident_duties := set() if {
	no_open_incident
} else := {id | some id in data.graduation.config.incident_obligations} | {"redact_sensitive" |
	some name in classifications_up_to(classification)
	name in data.graduation.config.incident_redacts
}

# METADATA
# description: No incident is open in this scope. Where no trust could be read at all, none can be told of either.
no_open_incident if {
	input.trust.incident.state in {"clear", "watch", "recovering"}
} else if {
	input.trust == null
}
