#!/usr/bin/env node
/*
 * Starts the command line. Old syntax on purpose: an old node has to be able to read this file, so that it can say what is
 * wrong instead of failing on a word it does not know. On such a node the one that npm installed with the package, or beside it, is used, if it is there.
 */
var NODE_MAJOR_MIN = 24
var path = import('node:path')
var fs = import('node:fs')
var url = import('node:url')
var child = import('node:child_process')

Promise.all([path, fs, url, child]).then(function (modules) {
  var path = modules[0]
  var fs = modules[1]
  var url = modules[2]
  var child = modules[3]
  var root = path.dirname(path.dirname(fs.realpathSync(url.fileURLToPath(import.meta.url))))

  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    var binary = path.join('node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    // In a checkout below the package, in a project that installed both beside it.
    var beside = path.dirname(root)
    var folders = [path.join(root, 'node_modules')].concat(path.basename(beside) === 'node_modules' ? [beside] : [])
    var pinned = folders
      .map(function (folder) {
        return path.join(folder, binary)
      })
      .find(fs.existsSync)
    if (process.env.GRADUS_REEXECUTED !== '1' && pinned !== undefined) return runAgain(child, pinned)
    return fail(
      'gradus needs Node.js ' +
        NODE_MAJOR_MIN +
        ' or later, and this is ' +
        process.versions.node +
        ': install a newer one, or put one beside gradus with "npm install --save-dev node@' +
        NODE_MAJOR_MIN +
        '".',
    )
  }
  var main = path.join(root, 'dist', 'main.js')
  if (!fs.existsSync(main)) return fail('gradus is not compiled yet: run `make build` in ' + root + '.')
  return import(url.pathToFileURL(main).href)
})

/** Runs the same command line with another node; signals reach it, and its end is ours. */
function runAgain(child, node) {
  var env = Object.assign({}, process.env, { GRADUS_REEXECUTED: '1' })
  var running = child.spawn(node, process.execArgv.concat(process.argv.slice(1)), { stdio: 'inherit', env: env })
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  signals.forEach(function (signal) {
    process.on(signal, function () {
      running.kill(signal)
    })
  })
  running.on('error', function (error) {
    fail('gradus could not start ' + node + ': ' + error.message)
  })
  running.on('exit', function (code, signal) {
    if (signal === null) return process.exit(code)
    signals.forEach(function (each) {
      process.removeAllListeners(each)
    })
    return process.kill(process.pid, signal)
  })
}

/** One sentence, and a failing end. */
function fail(sentence) {
  process.stderr.write(sentence + '\n')
  process.exitCode = 1
}
