#include <exception>

#include "config/config.h"
#include "config/files.h"
#include "config/sections.h"

namespace mj::config {
namespace {

constexpr size_t kMaxFileBytes = 4U << 20;

Settings read_settings(const std::string& text, const std::filesystem::path& file, Report& report) {
  const toml::table parsed = toml::parse(text);
  return SectionReader(std::filesystem::absolute(file).parent_path(), report).read(parsed);
}

}  // namespace

LoadResult load(const std::filesystem::path& file) {
  LoadResult result;
  Report report(file.string());
  try {
    auto content = read_file(file, kMaxFileBytes);
    if (content) {
      result.settings = read_settings(content->text, file, report);
    } else {
      report.add(0, "", fmt::format("a readable configuration file ({})", content.error().message));
    }
  } catch (const toml::parse_error& error) {
    report.add(line_of(error.source()), "", fmt::format("valid TOML ({})", error.description()));
  } catch (const std::exception& error) {
    report.add(0, "", fmt::format("a file that can be processed ({})", error.what()));
  }
  result.problems = report.take();
  return result;
}

}  // namespace mj::config
