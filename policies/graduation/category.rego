# Category ceiling: what the kind of action concedes, and what the catalogue says of this one.
package graduation

# METADATA
# description: The category term. There is exactly one, whatever the input.
category_ceiling := ceiling("category", "allow", "a proven human acts; the category is not asked", set()) if {
	human
} else := ceiling("category", "deny", "an agent never changes permissions, whatever its trust", {"alert_soc"}) if {
	input.action.category == "permission_escalation"
} else := ceiling("category", outcome, $"the action is not in the catalogue: {outcome}", set()) if {
	not action_is_known
	outcome := lowest({
		overridden_outcome(["categories", "unknown_action"], data.graduation.config.unknown_action),
		"require_approval",
	})
} else := ceiling("category", "deny", "the catalogue blocks this action", set()) if {
	input.action.disposition == "block"
} else := ceiling("category", "deny", "the catalogue's disposition of this action cannot be read", set()) if {
	not disposition_is_readable
} else := ceiling("category", "require_approval", "nothing would show that this action failed", rollback_duties) if {
	disposition_outcome in {"allow_guarded", "allow"}
	not failure_would_show
} else := ceiling("category", outcome, reason, rollback_duties) if {
	outcome := disposition_outcome
	reason := $"category {input.action.category}, catalogue disposition {input.action.disposition}: {outcome}"
} else := ceiling("category", "deny", "the category of this action is not known", set())

# METADATA
# description: The action is in the catalogue.
action_is_known if input.action.known == true

# METADATA
# description: The catalogue's disposition is one that does not block.
disposition_is_readable if input.action.disposition in {"auto_approve", "none", "require_approval"}

# METADATA
# description: >-
#   The category's outcome after the catalogue's disposition. Automatic approval lifts what is shipped for the
#   category, not what the tenant said about it.
disposition_outcome := outcome if {
	input.action.disposition == "auto_approve"
	data.graduation.config.categories[input.action.category]
	outcome := overridden_outcome(["categories", input.action.category], "allow")
} else := lowest({"require_approval", category_outcome}) if {
	input.action.disposition == "require_approval"
} else := category_outcome

# METADATA
# description: What the tenant, or otherwise the shipped data, says about the category.
category_outcome := overridden_outcome(
	["categories", input.action.category],
	data.graduation.config.categories[input.action.category],
)

# METADATA
# description: The action changes nothing, or the catalogue names the signal by which its failure shows.
failure_would_show if {
	reads
} else if {
	is_string(input.action.negative_signal)
	input.action.negative_signal != ""
}

# METADATA
# description: The duty to keep the old value, where the catalogue says the action is undone with it.
rollback_duties := {"rollback_handle"} if {
	input.action.rollback_handle == true
} else := set()
