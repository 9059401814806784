# METADATA
# title: What may ever happen
# description: >-
#   The upper bound of every decision. An agent may do what data.yaml grants it; what nothing grants is denied, and a forbid
#   wins over every grant.
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
} else := {"outcome": "allow", "reason": $"granted to {input.subject.id}"} if {
	granted
} else := {"outcome": "deny", "reason": "nothing grants this"}

# METADATA
# description: One of the agent's grants covers action and resource.
default granted := false

granted if {
	input.subject.type == "agent"
	some grant in data.rbac.grants[input.subject.id]
	input.action.name in grant.actions
	input.resource.type == grant.type
	startswith(input.resource.id, grant.below)
}

# METADATA
# description: Why the request is forbidden, whatever is granted; empty when it is not.
forbids contains "the resource id is not in its plain form" if not resource_is_plain

forbids contains "what is archived does not change" if {
	not input.action.name in data.rbac.reading
	not outside_archive
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
# description: The resource is not in the archive.
outside_archive if not startswith(input.resource.id, "archive/")
