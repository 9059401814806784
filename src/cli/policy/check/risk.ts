import { readFolder } from '../../../format/read-text.ts'
import type { SourceFinding } from '../../../format/source-place.ts'
import { loadRiskDocuments, type RiskProblem } from '../../../risk/load-documents.ts'
import { riskProblemText } from '../../../risk/load-documents.ts'

/** What is wrong in the risk rules of a folder, each where it stands, with the name of its rule. */
export async function riskFindings(folder: string): Promise<readonly SourceFinding[]> {
  const loading = loadRiskDocuments(await readFolder(folder, ['.json']))
  return loading.ok ? [] : loading.problems.map(findingOf)
}

function findingOf(problem: RiskProblem): SourceFinding {
  return { file: problem.file, line: problem.line ?? 0, column: problem.column ?? 0, ...riskProblemText(problem) }
}
