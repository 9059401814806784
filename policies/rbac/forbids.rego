# Forbids: what no permission can give. Each bites unless one of its exemptions is shown to hold, so that a missing
# attribute forbids.
package rbac

# METADATA
# description: The reasons of all forbids that bite.
forbids := {reason |
	some forbid in data.rbac.config.forbids
	concerns_subject(forbid)
	concerns_request(forbid)
	not exempt(forbid)
	reason := forbid.reason
}

# METADATA
# description: The forbid is for everybody, or for one of the subject's roles.
concerns_subject(forbid) if {
	object.get(forbid, "roles", []) == []
} else if {
	some role in forbid.roles
	role in roles
}

# METADATA
# description: The forbid covers the request, or has a pattern that cannot be read.
concerns_request(forbid) if {
	covers_action(forbid)
	covers_resource(forbid)
} else if {
	some pattern in patterns_of(forbid)
	not pattern_is_readable(pattern)
}

# METADATA
# description: One of the exemptions holds.
exempt(forbid) if {
	some exemption in forbid.unless
	exemption_holds(exemption)
}

# METADATA
# description: >-
#   The subject has the role, the attribute is a word beginning as it should, or it is one of the values listed.
exemption_holds(exemption) if {
	exemption.role in roles
} else if {
	is_string(attribute(exemption.attribute))
	startswith(attribute(exemption.attribute), exemption.begins)
	attribute(exemption.attribute) != exemption.begins
} else if {
	attribute(exemption.attribute) in exemption.values
}

# METADATA
# description: >-
#   What the decision point knows beside the request. Only this exempts: what a request says of itself is a claim, and no
#   claim lifts a forbid.
known_members := {"action_class", "agent", "facts", "tenant", "time"}

# METADATA
# description: The value at a path of what the decision point knows; undefined where it is not there.
attribute(path) := value if {
	path[0] in known_members
	value := object.get(input, path, null)
	value != null
}
