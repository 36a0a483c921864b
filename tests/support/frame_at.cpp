// Which frame a plain player shows at a moment of a segment file: the independent truth that end-to-end tests
// hold the viewer against. Needs nothing of ours but the file and the start in its name. Prints one JSON
// line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "tests/support/decoder.h"

namespace mj::test {

namespace {

Result<Bytes> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, "{} cannot be opened", path);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

struct Shown {
  PaintedCode code;
  Duration time{0};  ///< of the frame, on the file's time line
};

Result<Shown> frame_at(BytesView file, Duration at) {
  std::optional<Shown> shown;
  MJ_CHECK(decode_video(file, [&](Duration time, const LumaPlane<const uint8_t>& plane) {
    const auto code = read_code(plane);
    if (code && time <= at && (!shown || time >= shown->time)) shown = Shown{*code, time};
  }));
  if (!shown) return fail(ErrorKind::not_found, "no readable frame at or before {} us", at.count());
  return *shown;
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Names the frame that stands at a moment of a segment file");
  std::string path;
  int64_t start_us = 0;
  int64_t at_us = 0;
  app.add_option("file", path, "segment, .mp4 or .part")->required();
  app.add_option("--start-us", start_us, "the segment's start, from its name")->required();
  app.add_option("--at-us", at_us, "the moment")->required();
  CLI11_PARSE(app, argc, argv);

  const auto file = read_file(path);
  const auto shown =
      file ? frame_at(*file, Duration{at_us - start_us}) : Result<Shown>(tl::unexpected(file.error()));
  if (!shown) {
    std::fprintf(stderr, "frame_at: %s\n", shown.error().message.c_str());
    return EXIT_FAILURE;
  }
  fmt::print("{{\"frame\":{},\"wall_ms\":{},\"shown_us\":{}}}\n", shown->code.frame,
             to_us(shown->code.wall) / 1000, start_us + shown->time.count());
  return EXIT_SUCCESS;
}

}  // namespace mj::test

int main(int argc, char** argv) {
  return mj::test::run(argc, argv);
}
