#include "config/secrets.h"

#include <cstdlib>

#include "config/checks.h"
#include "config/files.h"

namespace mj::config {
namespace {

constexpr size_t kMaxSecretCharacters = 512;
constexpr size_t kMaxSecretFileBytes = 4096;
constexpr size_t kMinTokenCharacters = 16;
constexpr size_t kMaxPathCharacters = 1024;

/// A secret as written: its text, and the key that named it.
struct Written {
  std::string key;
  std::string text;
};

std::optional<Written> from_file(TableReader& reader, const std::string& key,
                                 const std::filesystem::path& folder) {
  const std::string name =
      reader.required_text(key, kMaxPathCharacters, "the path of a file that holds the secret");
  if (name.empty()) return std::nullopt;
  const std::filesystem::path path = folder / name;
  auto file = read_file(path, kMaxSecretFileBytes);
  if (!file) {
    reader.problem(key, fmt::format("a readable file with the secret in it ({} {})", path.string(),
                                    file.error().message));
    return std::nullopt;
  }
  if (file->world_readable) {
    spdlog::warn("secret file {} can be read by every user of this machine: chmod o-r", path.string());
  }
  while (file->text.ends_with('\n') || file->text.ends_with('\r')) file->text.pop_back();
  return Written{key, std::move(file->text)};
}

std::optional<Written> from_environment(TableReader& reader, const std::string& key) {
  const std::string variable =
      reader.required_text(key, kMaxSecretCharacters, "the name of an environment variable");
  if (variable.empty()) return std::nullopt;
  if (!is_environment_name(variable)) {
    reader.problem(key, "the name of an environment variable (letters, digits and _)");
    return std::nullopt;
  }
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr || *value == '\0') {
    reader.problem(key, fmt::format("the environment variable {} to be set and not empty", variable));
    return std::nullopt;
  }
  return Written{key, value};
}

/// The three ways to write the secret `name`.
struct Keys {
  explicit Keys(std::string_view name)
      : in_place(name), in_file(in_place + "_file"), in_environment(in_place + "_env") {}
  std::string in_place;
  std::string in_file;
  std::string in_environment;

  [[nodiscard]] int count(const TableReader& reader) const {
    return static_cast<int>(reader.has(in_place)) + static_cast<int>(reader.has(in_file)) +
           static_cast<int>(reader.has(in_environment));
  }
};

std::optional<Written> find_secret(TableReader& reader, const Keys& keys,
                                   const std::filesystem::path& folder) {
  for (const auto* key : {&keys.in_place, &keys.in_file, &keys.in_environment}) reader.know(*key);
  if (reader.has(keys.in_file)) return from_file(reader, keys.in_file, folder);
  if (reader.has(keys.in_environment)) return from_environment(reader, keys.in_environment);
  std::string text = reader.required_text(keys.in_place, kMaxSecretCharacters, "a secret");
  if (text.empty()) return std::nullopt;
  return Written{keys.in_place, std::move(text)};
}

bool is_good_token(std::string_view text) {
  return text.size() >= kMinTokenCharacters && text.size() <= kMaxSecretCharacters && is_token(text);
}

bool is_good_password(std::string_view text) {
  return !text.empty() && is_one_line(text) && character_count(text) <= kMaxSecretCharacters;
}

}  // namespace

Secret read_secret(TableReader& reader, std::string_view name, SecretUse use,
                   const std::filesystem::path& folder) {
  const Keys keys(name);
  const int count = keys.count(reader);
  if (count == 0) {
    for (const auto* key : {&keys.in_place, &keys.in_file, &keys.in_environment}) reader.know(*key);
    if (use == SecretUse::token) {
      reader.problem(name, fmt::format("one of {}, {} and {} (missing)", keys.in_place, keys.in_file,
                                       keys.in_environment));
    }
    return {};
  }
  if (count > 1) {
    reader.problem(
        reader.has(keys.in_file) ? keys.in_file : keys.in_environment,
        fmt::format("only one of {}, {} and {}", keys.in_place, keys.in_file, keys.in_environment));
  }
  auto written = find_secret(reader, keys, folder);
  if (!written) return {};
  if (use == SecretUse::token && !is_good_token(written->text)) {
    reader.problem(written->key,
                   fmt::format("a secret of {} to {} visible ASCII characters, like the output of "
                               "\"openssl rand -hex 24\"",
                               kMinTokenCharacters, kMaxSecretCharacters));
    return {};
  }
  if (use == SecretUse::password && !is_good_password(written->text)) {
    reader.problem(written->key,
                   fmt::format("a secret of one line, 1 to {} characters", kMaxSecretCharacters));
    return {};
  }
  return Secret(std::move(written->text));
}

}  // namespace mj::config
