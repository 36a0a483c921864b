#include "server/assets.h"

#include <algorithm>
#include <array>
#include <boost/beast/zlib/inflate_stream.hpp>

namespace mj::server {
namespace {

constexpr std::size_t kGzipHead = 10;  // `gzip -n` writes no name and no other optional field (RFC 1952 §2.3)
constexpr std::size_t kGzipTail = 8;

std::string_view content_type(std::string_view path) {
  struct Type {
    std::string_view ending, type;
  };
  constexpr std::array<Type, 10> kTypes{{{".html", "text/html; charset=utf-8"},
                                         {".js", "text/javascript; charset=utf-8"},
                                         {".css", "text/css; charset=utf-8"},
                                         {".svg", "image/svg+xml"},
                                         {".png", "image/png"},
                                         {".ico", "image/vnd.microsoft.icon"},
                                         {".json", "application/json"},
                                         {".webmanifest", "application/manifest+json"},
                                         {".wasm", "application/wasm"},
                                         {".txt", "text/plain; charset=utf-8"}}};
  const auto it =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& t) { return path.ends_with(t.ending); });
  return it == kTypes.end() ? "application/octet-stream" : it->type;
}

const Asset* find_asset(std::string_view path) {
  const auto assets = embedded_assets();
  const auto it = std::find_if(assets.begin(), assets.end(), [&](const Asset& a) { return a.path == path; });
  return it == assets.end() ? nullptr : &*it;
}

const Asset* asset_of(const std::vector<std::string>& steps) {
  std::string path;
  for (const std::string& step : steps) path += (path.empty() ? "" : "/") + step;
  if (const Asset* asset = find_asset(path)) return asset;
  const bool file_like = !steps.empty() && steps.back().find('.') != std::string::npos;
  return file_like ? nullptr : find_asset("index.html");
}

/// An asset unpacked. It was packed by our own build, so a failure is a bug; the answer is then empty.
std::string unpacked(const Asset& asset) {
  std::string out(asset.bytes, '\0');
  beast::zlib::inflate_stream inflater;
  beast::zlib::z_params params;
  params.next_in = asset.gzip.data() + kGzipHead;
  params.avail_in = asset.gzip.size() - kGzipHead - kGzipTail;
  params.next_out = out.data();
  params.avail_out = out.size();
  beast::error_code ec;
  inflater.write(params, beast::zlib::Flush::finish, ec);
  out.resize(out.size() - params.avail_out);
  return out;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto comma = accept_encoding.find(',');
    std::string item(accept_encoding.substr(0, comma));
    item.erase(std::remove(item.begin(), item.end(), ' '), item.end());
    const std::string_view coding = std::string_view(item).substr(0, item.find(';'));
    const bool refused = item.find(";q=0") != std::string::npos &&
                         item.find_first_of("123456789", item.find(";q=0") + 4) == std::string::npos;
    if ((beast::iequals(coding, "gzip") || coding == "*") && !refused) return true;
    if (comma == std::string_view::npos) break;
    accept_encoding.remove_prefix(comma + 1);
  }
  return false;
}

Response asset_answer(const Request& request) {
  const Asset* asset = asset_of(request.target.path);
  if (asset == nullptr) return error_answer({ErrorKind::not_found, "no such file"});
  Response response;
  const bool hashed_name = asset->path.starts_with("assets/");
  response.header.set(http::field::cache_control,
                      hashed_name ? "public, max-age=31536000, immutable" : "no-cache");
  response.header.set(http::field::etag, asset->etag);
  response.header.set(http::field::vary, "Accept-Encoding");
  if (request.field(http::field::if_none_match) == asset->etag) {
    response.status = http::status::not_modified;
    return response;
  }
  response.header.set(http::field::content_type, content_type(asset->path));
  if (accepts_gzip(request.field(http::field::accept_encoding))) {
    response.header.set(http::field::content_encoding, "gzip");
    response.body = asset->gzip;
  } else {
    response.body = unpacked(*asset);
  }
  return response;
}

}  // namespace mj::server
