# METADATA
# title: AuthZEN certification scenario
# description: >-
#   The fixture of the draft certification scenario of the OpenID AuthZEN Authorization API 1.0: who may read, write and
#   delete which record. Rules 5 and 6 depend on what the request says of subject and resource, as the scenario wants it;
#   a policy of your own would not believe a role that the request claims.
# scope: package
package rbac

# METADATA
# title: Allow
# description: Whether one of the scenario's rules permits the request and none forbids it.
# entrypoint: true
default allow := false

allow if {
	permitted
	not forbidden
}

# METADATA
# description: Rules 1, 2, 3 and 7, and rule 6 for administrators.
default permitted := false

permitted if {
	is_record
	some permission in data.rbac.permissions
	permission.subject == input.subject.id
	permission.action == input.action.name
	permission.resource == input.resource.id
	object.get(permission, "soft", null) == object.get(input.action, ["properties", "soft"], null)
}

permitted if {
	is_record
	input.action.name == "write"
	is_admin
	is_archived
}

# METADATA
# description: Rule 5, an archived record is written by administrators only.
default forbidden := false

forbidden if {
	input.action.name == "write"
	is_archived
	not is_admin
}

# METADATA
# description: The scenario knows users and records, nothing else.
default is_record := false

is_record if {
	input.subject.type == "user"
	input.resource.type == "record"
}

# METADATA
# description: The request says that the record is archived.
default is_archived := false

is_archived if input.resource.properties.status == "archived"

# METADATA
# description: The request says that the subject is an administrator.
default is_admin := false

is_admin if input.subject.properties.role == "admin"
