# Permissions: which of the subject's roles permit the action on the resource.
package rbac

# METADATA
# description: The subject's roles that permit the action on the resource.
permitting_roles := {role |
	some role in roles
	some permission in data.rbac.config.roles[role].permissions
	covers_action(permission)
	covers_resource(permission)
}

# METADATA
# description: One of the action patterns matches the action of the request.
covers_action(entry) if {
	some pattern in entry.actions
	matches(pattern, action_segments)
}

# METADATA
# description: One of the resource patterns matches the resource of the request.
covers_resource(entry) if {
	some pattern in entry.resources
	pattern.type in {input.resource.type, "*"}
	matches(pattern.id, resource_segments)
}

# METADATA
# description: All patterns of a permission or forbid.
patterns_of(entry) := array.concat(entry.actions, [resource.id | some resource in entry.resources])

# METADATA
# description: The segments of the action's name.
action_segments := split(input.action.name, "/")

# METADATA
# description: The segments of the resource's id.
resource_segments := split(input.resource.id, "/")
