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

# The organisation of the tests, with a group of the identity provider.
_config := object.union(config, {"groups": {"acme": {"agent": {"writers": ["writer"], "readers": ["reader"]}}}})

_told(subject, properties) := object.union(ask(subject, "read", "a"), {"subject": {"properties": properties}})

test_groups_of_the_identity_provider_give_roles[name] if {
	some name, [properties, want] in {
		"one": [{"verified": {"groups": ["writers"]}}, {"writer", "reader"}],
		"several": [{"verified": {"groups": ["readers", "unheard of"]}}, {"reader"}],
		"a text": [{"verified": {"groups": "readers"}}, {"reader"}],
		"none": [{"verified": {"groups": []}}, set()],
		"of another claim": [{"verified": {"department": "writers"}}, set()],
		"a claim of a body": [{"groups": ["writers"]}, set()],
		"nothing": [{}, set()],
	}
	found := rbac.roles with input as _told("zoe", properties) with data.rbac.config as _config
	found == want
}

test_groups_count_in_their_tenant_and_type_only if {
	told := _told("zoe", {"verified": {"groups": ["writers"]}})
	person := object.union(told, {"subject": {"type": "user"}})
	rbac.roles == set() with input as person with data.rbac.config as _config
	elsewhere := object.union(told, {"tenant": "globex"})
	rbac.roles == set() with input as elsewhere with data.rbac.config as _config
}

test_shipped_groups_name_roles_that_exist if {
	every types in data.rbac.config.groups {
		every groups in types {
			every roles in groups {
				every role in roles {
					data.rbac.config.roles[role]
				}
			}
		}
	}
}
