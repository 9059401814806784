# Roles: who has which, by assignment and inheritance.
package rbac

# METADATA
# description: >-
#   The roles of the subject in its tenant, with those they inherit. A circle of inheritance gives each of its roles once.
roles := graph.reachable(inheritance, assigned_roles)

# METADATA
# description: The roles assigned to the subject, by its name and by its groups.
assigned_roles := {role | some role in data.rbac.config.assignments[input.tenant][input.subject.type][input.subject.id]} | group_roles

# METADATA
# description: >-
#   The roles of the groups that the identity provider says the subject is in. Only the decision point writes `verified`, from the
#   claims of a token that it checked; a list of texts or one text.
group_roles := {role |
	some group in verified_groups
	some role in data.rbac.config.groups[input.tenant][input.subject.type][group]
}

# METADATA
# description: The groups of the subject, by its identity provider.
verified_groups := {group | some group in input.subject.properties.verified.groups} | {group |
	group := input.subject.properties.verified.groups
	is_string(group)
}

# METADATA
# description: Each role with the roles it inherits.
inheritance := {role: object.get(entry, "inherits", []) | some role, entry in data.rbac.config.roles}
