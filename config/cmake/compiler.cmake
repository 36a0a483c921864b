# Compiler rules for every target of ours, and the one way to declare a module.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(MJ_CCACHE ccache)
if(MJ_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${MJ_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MJ_CCACHE})
endif()

add_library(mj_options INTERFACE)
target_include_directories(mj_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(mj_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(mj_options INTERFACE -Wthread-safety)
endif()
if(MJ_SANITIZE)
  target_compile_options(mj_options INTERFACE -fsanitize=${MJ_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(mj_options INTERFACE -fsanitize=${MJ_SANITIZE})
endif()
if(MJ_BUILD_FUZZERS)
  target_compile_options(mj_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# mj_add_module(NAME SOURCES ... DEPS ...): folder = target = namespace. Target mj_NAME, static.
function(mj_add_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(mj_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(mj_${name} PUBLIC mj_options ${ARG_DEPS})
endfunction()
