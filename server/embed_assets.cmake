# cmake -DDIST=folder -DOUT=folder -DGZIP=program -P embed_assets.cmake
# Packs every file of DIST with gzip and writes OUT/embedded_assets.S and .cpp, which put them into the program. Files are
# rewritten only when they change, so running this at every build costs nothing. Without DIST/index.html one honest page is
# embedded instead.
cmake_minimum_required(VERSION 3.25)

file(MAKE_DIRECTORY ${OUT}/gz)
if(NOT EXISTS ${DIST}/index.html)
  set(DIST ${OUT}/fallback)
  set(page "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Mingjing</title></head><body><h1>Mingjing</h1>\
<p>This program was built without its viewer: recording and the API work, the pages do not. Build the target mj_viewer_dist \
(it needs npm) and build again.</p></body></html>\n")
  file(WRITE ${DIST}/index.html "${page}")
endif()

file(GLOB_RECURSE files RELATIVE ${DIST} ${DIST}/*)
list(SORT files)

set(assembly ".section .rodata\n")
set(declarations "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
  file(SHA256 ${DIST}/${file} hash)
  set(packed ${OUT}/gz/${hash}.gz)
  if(NOT EXISTS ${packed})
    execute_process(COMMAND ${GZIP} -9 -n -c ${DIST}/${file} OUTPUT_FILE ${packed}.new COMMAND_ERROR_IS_FATAL ANY)
    file(RENAME ${packed}.new ${packed})
  endif()
  file(SIZE ${DIST}/${file} bytes)
  string(SUBSTRING ${hash} 0 32 tag)
  string(APPEND assembly
    ".balign 16\n.global mj_asset_${number}_begin\nmj_asset_${number}_begin:\n.incbin \"${packed}\"\n"
    ".global mj_asset_${number}_end\nmj_asset_${number}_end:\n.byte 0\n")
  string(APPEND declarations "extern const char mj_asset_${number}_begin[], mj_asset_${number}_end[];\n")
  string(APPEND rows
    "      {\"${file}\", between(mj_asset_${number}_begin, mj_asset_${number}_end), \"\\\"${tag}\\\"\", ${bytes}},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND assembly ".section .note.GNU-stack,\"\",@progbits\n")

set(source "// Made by server/embed_assets.cmake.
#include <array>

#include \"server/assets.h\"

extern \"C\" {
${declarations}}

namespace mj::server {

std::span<const Asset> embedded_assets() {
  const auto between = [](const char* begin, const char* end) { return std::string_view(begin, end); };
  static const std::array<Asset, ${number}> kAssets{{
${rows}  }};
  return kAssets;
}

}  // namespace mj::server
")
file(CONFIGURE OUTPUT ${OUT}/embedded_assets.S CONTENT "${assembly}" @ONLY)
file(CONFIGURE OUTPUT ${OUT}/embedded_assets.cpp CONTENT "${source}" @ONLY)
