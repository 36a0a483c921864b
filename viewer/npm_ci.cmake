# npm ci, once, whichever build folder asks first. -DNPM -DSOURCE -DLOCK
file(LOCK ${LOCK} TIMEOUT 600)
set(stamp ${SOURCE}/node_modules/.package-lock.json)
if(EXISTS ${stamp} AND ${stamp} IS_NEWER_THAN ${SOURCE}/package-lock.json AND ${stamp} IS_NEWER_THAN ${SOURCE}/package.json)
  file(TOUCH ${stamp})
  return()
endif()
execute_process(COMMAND ${NPM} ci --no-audit --no-fund --loglevel=error
  WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "npm ci failed in ${SOURCE}: is the npm registry reachable?")
endif()
file(TOUCH ${stamp})
