#include "tests/support/api_session.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

namespace mj::test {

namespace json = boost::json;

namespace {

/// Reads little-endian numbers off the front of a buffer; says false once there is too little.
class LittleEndian {
 public:
  explicit LittleEndian(BytesView bytes) : bytes_(bytes) {}

  [[nodiscard]] uint64_t take(std::size_t width) {
    if (bytes_.size() < width) {
      good_ = false;
      return 0;
    }
    uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value |= static_cast<uint64_t>(bytes_[i]) << (8 * i);
    bytes_ = bytes_.subspan(width);
    return value;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  BytesView bytes_;
  bool good_ = true;
};

WallTime time_from(uint64_t us) {
  return from_us(static_cast<int64_t>(us));
}

void read_fragments(LittleEndian& in, std::size_t count, uint64_t offset, ListedSegment& segment) {
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    ListedFragment fragment;
    fragment.start = segment.start + Duration{static_cast<int64_t>(in.take(4))};
    fragment.video_bytes = static_cast<uint32_t>(in.take(4));
    fragment.key = in.take(3) != 0;
    fragment.offset = offset;
    offset += fragment.video_bytes + in.take(3);
    if (!segment.fragments.empty()) segment.fragments.back().end = fragment.start;
    segment.fragments.push_back(fragment);
  }
  if (!segment.fragments.empty()) segment.fragments.back().end = segment.end;
}

Result<std::vector<ListedSegment>> parse_index(BytesView body) {
  LittleEndian in(body);
  const bool magic = body.size() >= 16 && std::memcmp(body.data(), "MJI1", 4) == 0;
  if (!magic) return fail(ErrorKind::invalid, "the fragment index does not begin with MJI1");
  (void)in.take(4);
  const auto segments = in.take(4);
  (void)in.take(8);
  struct Layout {
    uint64_t first_offset, fragments;
  };
  std::vector<ListedSegment> listed;
  std::vector<Layout> layouts;
  for (uint64_t i = 0; i < segments && in.good(); ++i) {
    ListedSegment segment;
    segment.start = time_from(in.take(8));
    segment.run_start = time_from(in.take(8));
    segment.end = segment.start + Duration{static_cast<int64_t>(in.take(4))};
    const auto first_offset = in.take(4);
    layouts.push_back({first_offset, in.take(4)});
    (void)in.take(4);
    listed.push_back(segment);
  }
  for (std::size_t i = 0; i < listed.size(); ++i)
    read_fragments(in, layouts[i].fragments, layouts[i].first_offset, listed[i]);
  if (!in.good()) return fail(ErrorKind::invalid, "the fragment index is cut short");
  return listed;
}

/// Joined fragments of a camera with a microphone have sound between their pictures, of a track that the init
/// segment does not name. What is no box of ours is left as it is.
Bytes pictures_only(BytesView bytes) {
  constexpr std::size_t kTrackInMoof = 44;  // mfhd, traf's and tfhd's head and flags come before it
  const auto u32 = [&](std::size_t at) {
    return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 |
           bytes[at + 3];
  };
  Bytes pictures;
  bool sound = false;
  for (std::size_t at = 0; at + 8 <= bytes.size();) {
    const std::size_t size = std::clamp<std::size_t>(u32(at), 8, bytes.size() - at);
    const bool moof = std::memcmp(bytes.data() + at + 4, "moof", 4) == 0;
    if (moof) sound = size > kTrackInMoof + 4 && u32(at + kTrackInMoof) != 1;
    if (!moof && std::memcmp(bytes.data() + at + 4, "mdat", 4) != 0) sound = false;
    if (!sound) pictures.insert(pictures.end(), bytes.begin() + at, bytes.begin() + at + size);
    at += size;
  }
  return pictures;
}

}  // namespace

Result<ApiSession> ApiSession::open(const std::string& server, const std::string& ca_file) {
  agent::HttpsOptions options;
  options.ca_file = ca_file;
  options.max_answer_bytes = std::size_t{64} << 20;
  MJ_TRY(auto client, agent::HttpsClient::create(server, options));
  return ApiSession(std::move(client));
}

Result<agent::Response> ApiSession::request(const std::string& method, const std::string& target,
                                            agent::Headers headers, std::string body) {
  if (!cookie_.empty()) headers.emplace_back("Cookie", cookie_);
  if (method != "GET") {
    headers.emplace_back("X-Mingjing", "1");
    headers.emplace_back("Content-Type", "application/json");
  }
  MJ_TRY(auto response, client_->request(method, target, headers, std::move(body)));
  if (response.status / 100 != 2)
    return fail(ErrorKind::invalid, "{} {}: status {}: {}", method, target, response.status,
                response.body.substr(0, 300));
  return response;
}

Result<void> ApiSession::sign_in_first(const std::string& token) {
  const json::object body{
      {"token", token}, {"login", "check"}, {"display_name", "自检"}, {"password", "self-check-" + token}};
  MJ_TRY(const auto response, request("POST", "/api/v1/sign-in/first", {}, json::serialize(body)));
  const auto* cookie = response.header("Set-Cookie");
  if (cookie == nullptr) return fail(ErrorKind::invalid, "sign-in set no cookie");
  cookie_ = cookie->substr(0, cookie->find(';'));
  return {};
}

Result<json::value> ApiSession::get_json(const std::string& target) {
  MJ_TRY(const auto response, request("GET", target, {}, {}));
  boost::system::error_code error;
  auto value = json::parse(response.body, error);
  if (error) return fail(ErrorKind::invalid, "{}: not JSON: {}", target, error.message());
  return value;
}

Result<Bytes> ApiSession::get_bytes(const std::string& target, const std::string& range) {
  agent::Headers headers;
  if (!range.empty()) headers.emplace_back("Range", range);
  MJ_TRY(const auto response, request("GET", target, headers, {}));
  return Bytes(response.body.begin(), response.body.end());
}

Result<std::vector<ListedSegment>> ApiSession::index(const std::string& stream, WallTime from, WallTime to) {
  MJ_TRY(const auto body,
         get_bytes(fmt::format("/api/v1/streams/{}/index?from={}&to={}", stream, to_us(from), to_us(to))));
  return parse_index(body);
}

Result<Bytes> ApiSession::footage(const std::string& stream, const ListedSegment& segment, std::size_t first,
                                  std::size_t last) {
  MJ_TRY(auto file,
         get_bytes(fmt::format("/api/v1/streams/{}/runs/{}/init", stream, to_us(segment.run_start))));
  for (std::size_t i = first; i <= last; ++i) {
    const auto& fragment = segment.fragments[i];
    const auto range =
        fmt::format("bytes={}-{}", fragment.offset, fragment.offset + fragment.video_bytes - 1);
    MJ_TRY(const auto bytes,
           get_bytes(fmt::format("/api/v1/streams/{}/segments/{}", stream, to_us(segment.start)), range));
    if (bytes.size() != fragment.video_bytes)
      return fail(ErrorKind::invalid, "{}: {} bytes for {}", stream, bytes.size(), range);
    const Bytes pictures = pictures_only(bytes);
    file.insert(file.end(), pictures.begin(), pictures.end());
  }
  return file;
}

}  // namespace mj::test
