#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace mj::server {

namespace json = boost::json;

/// What is wrong with a request's body, and where: "$.events[3].at".
struct Refusal {
  Error error;
  std::string path;
};
template <class T>
using Checked = tl::expected<T, Refusal>;

/// `return refuse("$.at", "must be a time");`
[[nodiscard]] tl::unexpected<Refusal> refuse(std::string path, std::string reason);

/// One JSON value and nothing behind it: UTF-8, at most kJsonDepth deep, no object with a key twice (which
/// one would count?).
[[nodiscard]] Checked<json::value> parse_json(std::string_view text);

/// parse_json whose value must be an object.
[[nodiscard]] Checked<json::object> parse_json_object(std::string_view text);

/// The elements of the first array in `text` as they are written there. `text` must have passed parse_json.
[[nodiscard]] std::vector<std::string_view> array_elements(std::string_view text);

/// Takes an object apart field by field; what nobody asked for is an error. The first problem is kept, later
/// reads answer empty values. Borrowed: the object must outlive it. Thread: one.
class Fields {
 public:
  Fields(const json::object& object, std::string path);

  /// Whether it is there and not null.
  [[nodiscard]] bool has(std::string_view name);
  /// Required text: not empty, at most `most` bytes, no control characters.
  [[nodiscard]] std::string text(std::string_view name, std::size_t most);
  /// The same, or empty when absent or null.
  [[nodiscard]] std::string optional_text(std::string_view name, std::size_t most);
  /// Text as some desktop or person wrote it: may be empty and hold control characters; "" when absent.
  [[nodiscard]] std::string free_text(std::string_view name, std::size_t most);
  /// A list of at most `most` texts of at most `bytes` each, like those of text(); empty when absent.
  [[nodiscard]] std::vector<std::string> optional_texts(std::string_view name, std::size_t most,
                                                        std::size_t bytes);
  [[nodiscard]] int64_t integer(std::string_view name, int64_t least, int64_t greatest);
  [[nodiscard]] bool boolean(std::string_view name);
  /// A list of at most `most` lists of `width` whole numbers each.
  [[nodiscard]] std::vector<std::vector<int64_t>> integer_rows(std::string_view name, std::size_t most,
                                                               std::size_t width, int64_t least,
                                                               int64_t greatest);
  /// RFC 3339.
  [[nodiscard]] WallTime time(std::string_view name);
  /// Null when absent or null.
  [[nodiscard]] const json::object* optional_object(std::string_view name);

  void fail(std::string_view name, std::string reason);
  [[nodiscard]] std::string path_of(std::string_view name) const;
  /// Call last: the first problem, or the first field that nobody asked for.
  [[nodiscard]] Checked<void> finish();

 private:
  const json::value* take(std::string_view name, bool required);

  const json::object& object_;
  std::string path_;
  std::set<std::string, std::less<>> known_;
  std::optional<Refusal> problem_;
};

}  // namespace mj::server
