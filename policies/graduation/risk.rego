# Risk ceiling: what even full trust gets at this risk, with the duties that the risk rules add.
package graduation

# METADATA
# description: The risk term. There is exactly one, whatever the input.
risk_ceiling := ceiling("risk", "allow", "a proven human acts; risk is not asked", set()) if {
	human
} else := ceiling("risk", "deny", "the duties of the risk rules cannot be read", band_duties) if {
	not rule_duties_are_names
} else := ceiling("risk", outcome, $"{band} risk concedes at most {outcome}", band_duties | rule_duties) if {
	outcome := cell(4, band)
} else := ceiling("risk", "deny", "the risk row has no such cell", band_duties)

# METADATA
# description: The duties of the risk band.
band_duties := {id | some id in data.graduation.config.band_obligations[band]}

# METADATA
# description: The duties that risk rules added.
rule_duties := {id | some id in input.risk.obligations}

# METADATA
# description: The duties of the risk rules are a list of names.
rule_duties_are_names if {
	is_array(input.risk.obligations)
	every id in input.risk.obligations {
		is_string(id)
		count(id) >= 1
		count(id) <= 128
	}
}
