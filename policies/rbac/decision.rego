# METADATA
# title: Static role-based access control
# description: >-
#   What an agent or a person may ever do: the upper bound of every decision. Roles come from the data only, never from
#   the request. An explicit forbid wins over every permission, and what nothing permits is denied.
# scope: package
# schemas:
#   - input: schema.base_input
package rbac

# METADATA
# title: Decision
# description: The base decision, with its reason.
# entrypoint: true
decision := {"outcome": "deny", "reason": "the resource id is not in its plain form"} if {
	not resource_is_plain
} else := {"outcome": "deny", "reason": "no role is assigned"} if {
	count(roles) == 0
} else := {"outcome": "deny", "reason": concat("; ", sort(forbids))} if {
	count(forbids) > 0
} else := {"outcome": "allow", "reason": $"permitted to role {sort(permitting_roles)[0]}"} if {
	count(permitting_roles) > 0
} else := {"outcome": "deny", "reason": "no role permits this action on this resource"}

# METADATA
# title: Allow
# description: The base decision as a boolean.
# entrypoint: true
allow := decision.outcome == "allow"
