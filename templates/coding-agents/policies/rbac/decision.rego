# METADATA
# title: What may ever happen
# description: >-
#   The upper bound of every decision. An agent has the roles that data.yaml gives it, and may do what they permit. No agent changes
#   what checks it, whatever its roles.
# scope: package
# schemas:
#   - input: schema.base_input
package rbac

# METADATA
# title: Decision
# description: The base decision with its reason.
# entrypoint: true
decision := {"outcome": "deny", "reason": concat("; ", sort(forbids))} if {
	count(forbids) > 0
} else := {"outcome": "allow", "reason": $"permitted to role {sort(permitting_roles)[0]}"} if {
	count(permitting_roles) > 0
} else := {"outcome": "deny", "reason": "no role permits this"}

# METADATA
# description: Roles of the agent that permit action and resource.
permitting_roles contains role if {
	input.subject.type == "agent"
	some role in data.rbac.assignments[input.subject.id]
	some permission in data.rbac.roles[role]
	input.action.name in permission.actions
	input.resource.type == permission.type
	startswith(input.resource.id, permission.below)
}

# METADATA
# description: Why the request is forbidden, whatever roles permit; empty when it is not.
forbids contains "the resource id is not in its plain form" if not resource_is_plain

forbids contains "no agent changes what checks it" if {
	not input.action.name in data.rbac.reading
	not outside_guarded_files
}

forbids contains "history is only rewritten on the agent's own branches" if {
	input.action.name == "force_push"
	not own_branch
}

# METADATA
# description: No segment of the id is empty, `.` or `..`, and nothing in it is encoded.
resource_is_plain if {
	not contains(input.resource.id, `\`)
	not contains(input.resource.id, "%")
	every segment in split(input.resource.id, "/") {
		not segment in {"", ".", ".."}
	}
}

# METADATA
# description: The resource is no file, or none that a guarded name leads to.
outside_guarded_files if input.resource.type != "file"

outside_guarded_files if {
	segments := {segment | some segment in split(input.resource.id, "/")}
	count(segments & {name | some name in data.rbac.guarded_names}) == 0
}

# METADATA
# description: >-
#   The enforcement point vouches for a branch that agents make. What makes a decision milder comes from `input.facts`, which holds
#   only what the caller is believed; anybody can put a branch into `input.context`.
own_branch if startswith(object.get(input.facts, "branch", ""), "agent/")
