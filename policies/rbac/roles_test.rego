package rbac_test

import data.rbac

test_roles_with_what_they_inherit[subject] if {
	some subject, want in {
		"ann": {"writer", "reader"},
		"bea": {"reader"},
		"cleo": {"auditor", "reader"},
		"zoe": set(),
	}
	found := rbac.roles with input as ask(subject, "read", "a") with data.rbac.config as config
	found == want
}

test_circle_of_inheritance_ends if {
	found := rbac.roles with input as ask("dora", "hatch", "a") with data.rbac.config as config
	found == {"chicken", "egg"}
	rbac.allow with input as ask("dora", "hatch", "a") with data.rbac.config as config
}

test_shipped_roles_inherit_roles_that_exist if {
	every role in data.rbac.config.roles {
		every parent in object.get(role, "inherits", []) {
			data.rbac.config.roles[parent]
		}
	}
}

test_shipped_assignments_name_roles_that_exist if {
	every types in data.rbac.config.assignments {
		every subjects in types {
			every roles in subjects {
				every role in roles {
					data.rbac.config.roles[role]
				}
			}
		}
	}
}
