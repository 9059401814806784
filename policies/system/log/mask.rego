# METADATA
# title: Log mask
# description: >-
#   What is taken out of an event before it is stored or leaves the process. The event is shaped like OPA's decision log
#   event, with the request under `/input`.
# scope: package
# schemas:
#   - input: schema.decision_log_event
package system.log

# METADATA
# title: Mask
# description: >-
#   JSON Pointers of all values under `/input` whose name is that of a secret; of secrets inside secrets the outermost.
#   Every name is judged once and every pointer is built from that of its object, because requests may hold thousands of both.
# entrypoint: true
mask := {concat("/", [parent, step_text(name)]) |
	count(secret_names) > 0
	walk(input.input, [path, value])
	is_object(value)
	found := {name | some name, _ in value; secret_names[name]}
	count(found) > 0
	every step in path {
		not secret_names[step]
	}
	parent := pointer(path)
	some name in found
}

# METADATA
# description: The names in the input that are names of secrets.
secret_names := {name | some name in names; is_secret(name)}

# METADATA
# description: All names in the input.
names := {name |
	walk(input.input, [_, value])
	is_object(value)
	some name, _ in value
}

# METADATA
# description: Names end like this, in any spelling, where the value is a secret.
secret_endings := [
	"password",
	"passwd",
	"passphrase",
	"pwd",
	"secret",
	"secrets",
	"token",
	"authorization",
	"apikey",
	"accesskey",
	"privatekey",
	"secretkey",
	"signingkey",
	"encryptionkey",
	"credential",
	"credentials",
	"cookie",
	"connectionstring",
]

# METADATA
# description: The name is that of a secret, whatever its letter case and its separators.
is_secret(name) if {
	plain := plain_name(name)
	some ending in secret_endings
	endswith(plain, ending)
}

# METADATA
# description: The name in lower case, without separators.
plain_name(name) := replace(replace(replace(replace(lower(name), "_", ""), "-", ""), ".", ""), " ", "")

# METADATA
# description: The JSON Pointer (RFC 6901) of a path below `/input`.
pointer(path) := concat("/", array.concat(["", "input"], [step_text(step) | some step in path]))

# METADATA
# description: One step of a JSON Pointer.
step_text(step) := replace(replace(step, "~", "~0"), "/", "~1") if {
	is_string(step)
} else := format_int(step, 10)
