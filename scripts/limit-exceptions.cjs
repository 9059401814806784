/** Files and folders that may be larger than the limits of docs/style.md, each with its reason. Empty is the aim. */
module.exports = {
  /** Path → {rules, reason}: rules of eslint that are off for it. */
  files: {},
  /** Folder → reason: it may hold more than 25 files. */
  folders: {},
}
