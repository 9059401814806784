# Roles: who has which, by assignment and inheritance.
package rbac

# METADATA
# description: >-
#   The roles of the subject in its tenant, with those they inherit. A circle of inheritance gives each of its roles once.
roles := graph.reachable(inheritance, assigned_roles)

# METADATA
# description: The roles assigned to the subject.
assigned_roles := {role | some role in data.rbac.config.assignments[input.tenant][input.subject.type][input.subject.id]}

# METADATA
# description: Each role with the roles it inherits.
inheritance := {role: object.get(entry, "inherits", []) | some role, entry in data.rbac.config.roles}
