#include "server/feeds/feed_reader.h"

namespace mj::server {
namespace {

constexpr std::chrono::seconds kBetweenLooks{2};

}  // namespace

FeedReader::FeedReader(const config::Settings& settings, const Clock& clock, index::Index& index)
    : index_(index) {
  for (const auto& feed : settings.feeds) {
    const Importer::Source source{settings, feed, feed.mapping ? *feed.mapping : plain_, clock};
    const EventSink sink = [&index, id = feed.id](const auto& events) {
      return index::Feeds(index).take_rows(id, events);
    };
    if (!feed.folder.empty()) folders_.emplace_back(source, sink, stopping_);
    if (feed.sql) databases_.emplace_back(source, index);
  }
}

FeedReader::~FeedReader() {
  stop();
}

void FeedReader::start() {
  if (folders_.empty() && databases_.empty()) return;
  thread_ = std::thread([this] {
    name_thread("feeds");
    run();
  });
}

void FeedReader::stop_soon() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void FeedReader::stop() {
  stop_soon();
  if (thread_.joinable()) thread_.join();
}

void FeedReader::run() {
  while (!stopping_) {
    for (auto& folder : folders_) folder.look();
    for (auto& database : databases_) {
      if (!stopping_) database.turn();
    }
    tell_troubles();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kBetweenLooks, [this] { return stopping_.load(); });
  }
}

void FeedReader::tell_troubles() {
  std::map<std::string, std::string> troubles;
  for (const auto& folder : folders_) troubles[folder.feed()] += folder.trouble();
  for (const auto& database : databases_) troubles[database.feed()] += database.trouble();
  for (const auto& [feed, trouble] : troubles) index::Feeds(index_).tell_trouble(feed, trouble);
}

}  // namespace mj::server
