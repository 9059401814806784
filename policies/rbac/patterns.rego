# Patterns: names compared segment by segment. In a pattern `*` is one segment, `word*` a segment that begins so, and
# `**`, at most twice, any number of segments, also none.
package rbac

# METADATA
# description: The pattern matches these segments.
matches(pattern, segments) if {
	not contains(pattern, "**")
	words := split(pattern, "/")
	words_match(words, segments)
} else if {
	parts := pattern_parts(pattern)
	fixed := array.concat(parts[0], parts[count(parts) - 1])
	free := count(segments) - count(fixed)
	free >= 0
	ends_match(parts, segments)
	middle_matches(parts, array.slice(segments, count(parts[0]), count(parts[0]) + free))
}

# METADATA
# description: The words of the pattern before, between and after its `**`; there are two or three such parts.
pattern_parts(pattern) := [part_words(part) | some part in parts] if {
	contains(pattern, "**")
	not contains(pattern, "//")
	parts := split(concat("", ["/", pattern, "/"]), "/**/")
	count(parts) in {2, 3}
}

# METADATA
# description: The words of one part without the slash that sets it off, none of an empty part.
part_words(part) := [] if {
	part == ""
} else := split(trim_suffix(trim_prefix(part, "/"), "/"), "/")

# METADATA
# description: The segments begin with the first part and end with the last.
ends_match(parts, segments) if {
	first := parts[0]
	last := parts[count(parts) - 1]
	words_match(first, array.slice(segments, 0, count(first)))
	words_match(last, array.slice(segments, count(segments) - count(last), count(segments)))
}

# METADATA
# description: The part between two `**` is somewhere in the segments that are left; with one `**` there is none.
middle_matches(parts, left) if {
	count(parts) == 2
} else if {
	some start, _ in left
	words_match(parts[1], array.slice(left, start, start + count(parts[1])))
}

# METADATA
# description: >-
#   The pattern is one that can match: `*` only alone or at the end of a word, `**` only alone and at most twice, not
#   twice in a row, and no empty word but the first.
pattern_is_readable(pattern) if {
	words := split(pattern, "/")
	count([word | some word in words; word == "**"]) <= 2
	not contains(pattern, "**/**")
	not contains(pattern, "//")
	every word in words {
		word_is_readable(word)
	}
}

# METADATA
# description: A word of a pattern that can match.
word_is_readable(word) if {
	word == "**"
} else if {
	not contains(trim_suffix(word, "*"), "*")
}

# METADATA
# description: Each word of the pattern matches the segment at its place.
words_match(words, segments) if {
	count(words) == count(segments)
	every place, word in words {
		word_matches(word, segments[place])
	}
}

# METADATA
# description: A word of a pattern matches a segment. Nothing but an empty word matches an empty segment.
word_matches(word, segment) if {
	word == segment
} else if {
	endswith(word, "*")
	segment != ""
	startswith(segment, trim_suffix(word, "*"))
}

# METADATA
# description: >-
#   The resource's id is in its plain form: no empty, `.` or `..` segment but an empty first one, no backslash, and
#   nothing percent-encoded that decodes to a separator, a dot or a percent sign.
resource_is_plain if {
	is_string(input.resource.id)
	not hides_separator(input.resource.id)
	segments := split(trim_prefix(input.resource.id, "/"), "/")
	every segment in segments {
		not segment in {"", ".", ".."}
	}
}

# METADATA
# description: The id holds a backslash or an encoded separator, dot or percent sign.
hides_separator(id) if {
	some hidden in ["\\", "%2f", "%5c", "%2e", "%25"]
	contains(lower(id), hidden)
}
