# Guardrails: caps and allow-lists that hold beside every outcome. They are numbers to be met and enforced by the
# decision point; here they only come together, each with where it comes from. What a budget is counted over is in its
# name, not in where it is stated: `scope_`, `tool_`, or everything that the agent does.
package graduation

# METADATA
# description: The group of caps in the data, and the name under which it holds those of this request.
guardrail_origins := [
	["scopes", object.get(input, ["action", "scope"], "")],
	["tools", object.get(input, ["action", "name"], "")],
	["agents", object.get(input, ["agent", "id"], "")],
	["tiers", tier],
]

# METADATA
# description: The guardrail terms, also for a proven human.
guardrails_ceilings := array.concat(catalogue_guardrails, [found |
	some origin in guardrail_origins
	found := guardrails_ceiling($"caps of {origin[0]}", origin_caps(origin))
])

# METADATA
# description: The caps that the catalogue gives this action.
catalogue_guardrails := [found |
	some caps in [object.get(input, ["action", "guardrails"], "missing")]
	found := guardrails_ceiling("caps of the catalogue", caps)
]

# METADATA
# description: All caps of one origin, the shipped ones, and key by key what the tenant put in their place.
origin_caps(origin) := shipped_caps(origin) if {
	override(array.concat(["guardrails"], origin)) == {}
} else := caps if {
	own := override(array.concat(["guardrails"], origin)).value
	caps := object.union(shipped_caps(origin), own)
} else := "malformed"

# METADATA
# description: The shipped caps of one origin.
shipped_caps(origin) := object.get(data.graduation.config.guardrails, origin, {})

# METADATA
# description: The term for some caps, none where there are none, deny where they cannot be read.
guardrails_ceiling(reason, caps) := object.union(ceiling("guardrails", "allow", reason, set()), {"guardrails": caps}) if {
	caps_are_readable(caps)
	caps != {}
} else := ceiling("guardrails", "deny", $"{reason} cannot be read", set()) if {
	not caps_are_readable(caps)
}

# METADATA
# description: The caps are an object of names to numbers from 0 up, or, where the name is not one of a cap (`…_max`), to lists of words.
caps_are_readable(caps) if {
	is_object(caps)
	every name, cap in caps {
		count(name) >= 1
		count(name) <= 128
		cap_is_readable(name, cap)
	}
}

# METADATA
# description: A cap is a number from 0 up; what is not called one may also be a list of words.
cap_is_readable(name, cap) if {
	is_number(cap)
	cap >= 0
} else if {
	is_array(cap)
	not endswith(name, "_max")
	count(cap) <= 256
	every word in cap {
		is_string(word)
		count(word) >= 1
		count(word) <= 128
	}
}
