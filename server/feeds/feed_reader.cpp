#include "server/feeds/feed_reader.h"

namespace mj::server {
namespace {

constexpr std::chrono::seconds kBetweenLooks{2};

}  // namespace

FeedReader::FeedReader(const config::Settings& settings, const Clock& clock, index::Index& index) {
  for (const auto& feed : settings.feeds) {
    const Importer::Source source{settings, feed, feed.mapping ? *feed.mapping : plain_, clock};
    const EventSink sink = [&index, id = feed.id](const auto& events) {
      return index::Feeds(index).take_each(id, events);
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
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kBetweenLooks, [this] { return stopping_.load(); });
  }
}

}  // namespace mj::server
