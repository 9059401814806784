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
# entrypoint: true
mask := {pointer(path) |
	walk(input.input, [path, _])
	is_string(path[count(path) - 1])
	is_secret(path[count(path) - 1])
	every step in array.slice(path, 0, count(path) - 1) {
		not is_secret(step)
	}
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
plain_name(name) := strings.replace_n({"_": "", "-": "", ".": "", " ": ""}, lower(name))

# METADATA
# description: The JSON Pointer (RFC 6901) of a path below `/input`.
pointer(path) := concat("/", array.concat(["", "input"], [step_text(step) | some step in path]))

# METADATA
# description: One step of a JSON Pointer.
step_text(step) := replace(replace(step, "~", "~0"), "/", "~1") if {
	is_string(step)
} else := format_int(step, 10)
