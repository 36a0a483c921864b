#include "tests/storage/fake_file_system.h"

#include <algorithm>

namespace mj::storage {

namespace {
constexpr std::size_t kSector = 512;
using Names = std::map<std::string, std::shared_ptr<FakeNode>>;
}  // namespace

struct FakeNode {
  struct Change {  ///< of a directory, atomic: names that went and names that came
    std::vector<std::string> gone;
    Names come;
  };

  bool directory = false;
  bool linked = true;
  int locked_in = -1;  ///< generation of the handle that holds the lock
  Bytes now, durable;
  std::vector<std::pair<std::size_t, std::size_t>> dirty;  ///< [begin, end) written since the last sync
  bool lost = false;  ///< the disk forgot some of it, which its next sync has to say
  Names entries, durable_entries;
  std::vector<Change> changes;

  static void apply(const Change& change, Names& names) {
    for (const std::string& name : change.gone) names.erase(name);
    for (const auto& [name, node] : change.come) names[name] = node;
  }

  void change(Change what) {
    apply(what, entries);
    changes.push_back(std::move(what));
  }

  void sync_data() {
    durable.resize(now.size());
    for (const auto& [begin, end] : dirty) copy_range(begin, end);
    dirty.clear();
  }

  /// Everything beneath becomes durable.
  void sync_tree() {
    sync_data();
    durable_entries = entries;
    changes.clear();
    for (auto& [name, node] : entries) node->sync_tree();
  }

  /// One file that was to be synced, or none.
  FakeNode* find_dirty() {
    if (!dirty.empty()) return this;
    for (auto& [name, node] : entries) {
      if (FakeNode* found = node->find_dirty()) return found;
    }
    return nullptr;
  }

  void copy_range(std::size_t begin, std::size_t end) {
    end = std::min({end, now.size(), durable.size()});
    if (begin < end) std::copy(now.begin() + begin, now.begin() + end, durable.begin() + begin);
  }

  void cut(std::mt19937* random) {
    if (random != nullptr) keep_some(*random);
    now = durable;
    dirty.clear();
    changes.clear();
    entries = durable_entries;
    for (auto& [name, node] : entries) node->cut(random);
  }

  /// Directory changes reach the disk in order, sectors of data in any.
  void keep_some(std::mt19937& random) {
    const std::size_t kept = random() % (changes.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) apply(changes[i], durable_entries);
    if (now.size() > durable.size())
      durable.resize(durable.size() + random() % (now.size() - durable.size() + 1));
    for (const auto& [begin, end] : dirty) {
      for (std::size_t at = begin; at < end; at += kSector) {
        if (random() % 2 == 0) copy_range(at, std::min(end, at + kSector));
      }
    }
  }
};

class FakeFile final : public File {
 public:
  FakeFile(FakeFileSystem& files, std::shared_ptr<FakeNode> node)
      : files_(files), node_(std::move(node)), generation_(files.generation_) {}
  ~FakeFile() override {
    const std::lock_guard lock(files_.mutex_);
    if (locked_ && generation_ == files_.generation_) node_->locked_in = -1;
  }

  Result<std::size_t> read(uint64_t offset, std::span<uint8_t> into) const override {
    const std::lock_guard lock(files_.mutex_);
    MJ_CHECK(alive());
    if (offset >= node_->now.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), node_->now.size() - offset);
    std::copy_n(node_->now.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  Result<std::size_t> write(uint64_t offset, std::span<const BytesView> parts) override {
    const std::lock_guard lock(files_.mutex_);
    MJ_CHECK(alive());
    Bytes all;
    for (const BytesView part : parts) all.insert(all.end(), part.begin(), part.end());
    if (all.size() > files_.max_write_) all.resize(files_.max_write_);
    const auto struck = files_.strike("write");
    if (!struck) all.resize(all.size() / 2);
    if (node_->now.size() < offset + all.size()) node_->now.resize(offset + all.size());
    std::copy(all.begin(), all.end(), node_->now.begin() + static_cast<std::ptrdiff_t>(offset));
    node_->dirty.emplace_back(offset, offset + all.size());
    if (!struck) return tl::unexpected(struck.error());
    return all.size();
  }

  Result<void> sync() override {
    std::unique_lock lock(files_.mutex_);
    files_.released_.wait(lock, [this] { return !files_.hold_; });
    MJ_CHECK(alive());
    if (std::exchange(node_->lost, false)) return fail(files_.kind_, "the disk has forgotten some of it");
    if (auto struck = files_.strike("sync"); !struck) {
      node_->dirty.clear();
      return struck;
    }
    node_->sync_data();
    return {};
  }

  Result<void> truncate(uint64_t bytes) override {
    const std::lock_guard lock(files_.mutex_);
    MJ_CHECK(alive());
    MJ_CHECK(files_.strike("truncate"));
    node_->now.resize(bytes);
    return {};
  }

  Result<FileFacts> facts() const override {
    const std::lock_guard lock(files_.mutex_);
    MJ_CHECK(alive());
    return FileFacts{node_->now.size(), node_->linked};
  }

  Result<void> lock() override {
    const std::lock_guard lock(files_.mutex_);
    MJ_CHECK(alive());
    if (node_->locked_in == files_.generation_) return fail(ErrorKind::unavailable, "locked");
    node_->locked_in = files_.generation_;
    locked_ = true;
    return {};
  }

 private:
  Result<void> alive() const {
    if (generation_ != files_.generation_) return fail(ErrorKind::internal, "the process was killed");
    return {};
  }

  FakeFileSystem& files_;
  std::shared_ptr<FakeNode> node_;
  const int generation_;
  bool locked_ = false;
};

class FakeTree final : public Tree {
 public:
  explicit FakeTree(FakeFileSystem& files) : files_(files), generation_(files.generation_) {}

  Result<std::unique_ptr<File>> open(const std::string& path, bool) const override {
    const std::lock_guard lock(files_.mutex_);
    MJ_TRY(auto node, files_.find(path));
    if (node->directory) return fail(ErrorKind::corrupt, "{} is a directory", path);
    return std::make_unique<FakeFile>(files_, node);
  }

  Result<std::unique_ptr<File>> create(const std::string& path) override {
    const std::lock_guard lock(files_.mutex_);
    MJ_TRY(auto parent, parent_of(path));
    if (parent->entries.contains(leaf(path))) return fail(ErrorKind::invalid, "{} exists", path);
    MJ_CHECK(files_.strike("create"));
    auto node = std::make_shared<FakeNode>();
    parent->change({{}, {{leaf(path), node}}});
    return std::make_unique<FakeFile>(files_, node);
  }

  Result<void> make_directory(const std::string& path) override {
    const std::lock_guard lock(files_.mutex_);
    MJ_TRY(auto parent, parent_of(path));
    if (parent->entries.contains(leaf(path))) return {};
    MJ_CHECK(files_.strike("mkdir"));
    auto node = std::make_shared<FakeNode>();
    node->directory = true;
    parent->change({{}, {{leaf(path), node}}});
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(files_.mutex_);
    MJ_TRY(auto parent, parent_of(from));
    MJ_TRY(auto node, files_.find(from));
    if (parent->entries.contains(leaf(to))) return fail(ErrorKind::invalid, "{} exists", to);
    MJ_CHECK(files_.strike("rename"));
    parent->change({{leaf(from)}, {{leaf(to), node}}});
    return {};
  }

  Result<void> remove(const std::string& path) override {
    const std::lock_guard lock(files_.mutex_);
    MJ_TRY(auto parent, parent_of(path));
    MJ_TRY(auto node, files_.find(path));
    MJ_CHECK(files_.strike("unlink"));
    node->linked = false;
    parent->change({{leaf(path)}, {}});
    return {};
  }

  Result<void> remove_directory(const std::string& path) override {
    const std::lock_guard lock(files_.mutex_);
    MJ_TRY(auto parent, parent_of(path));
    MJ_TRY(auto node, files_.find(path));
    if (!node->entries.empty()) return fail(ErrorKind::invalid, "{} is not empty", path);
    MJ_CHECK(files_.strike("rmdir"));
    parent->change({{leaf(path)}, {}});
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    const std::lock_guard lock(files_.mutex_);
    MJ_TRY(auto node, files_.find(path));
    MJ_CHECK(files_.strike("sync directory"));
    node->durable_entries = node->entries;
    node->changes.clear();
    return {};
  }

  Result<void> sync_all() override {
    std::unique_lock lock(files_.mutex_);
    files_.released_.wait(lock, [this] { return !files_.hold_; });
    if (generation_ != files_.generation_) return fail(ErrorKind::internal, "the process was killed");
    auto struck = files_.strike("sync all");
    if (!struck) {
      if (FakeNode* victim = files_.root_->find_dirty()) {
        victim->dirty.clear();
        victim->lost = true;
      }
      return struck;
    }
    files_.root_->sync_tree();
    return {};
  }

  Result<std::vector<Entry>> list(const std::string& path) const override {
    const std::lock_guard lock(files_.mutex_);
    MJ_TRY(auto node, files_.find(path));
    std::vector<Entry> entries;
    for (const auto& [name, child] : node->entries) {
      entries.push_back({name, child->directory ? Entry::Kind::directory : Entry::Kind::file});
    }
    return entries;
  }

  Result<Space> space() const override {
    const std::lock_guard lock(files_.mutex_);
    return Space{files_.free_, 1ULL << 40};
  }

  Result<void> check_place() const override {
    const std::lock_guard lock(files_.mutex_);
    if (files_.missing_) return fail(ErrorKind::not_found, "gone");
    if (files_.swapped_ || generation_ != files_.generation_)
      return fail(ErrorKind::unavailable, "another disk");
    return {};
  }

 private:
  static std::string leaf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  Result<std::shared_ptr<FakeNode>> parent_of(const std::string& path) const {
    if (generation_ != files_.generation_) return fail(ErrorKind::internal, "the process was killed");
    const auto slash = path.rfind('/');
    return files_.find(slash == std::string::npos ? "." : path.substr(0, slash));
  }

  FakeFileSystem& files_;
  const int generation_;
};

FakeFileSystem::FakeFileSystem() : root_(std::make_shared<FakeNode>()) {
  root_->directory = true;
}
FakeFileSystem::~FakeFileSystem() = default;

Result<std::shared_ptr<Tree>> FakeFileSystem::open_tree(const std::filesystem::path& root) {
  const std::lock_guard lock(mutex_);
  if (missing_) return fail(ErrorKind::not_found, "open {}: No such file or directory", root.string());
  return std::make_shared<FakeTree>(*this);
}

void FakeFileSystem::fail_at(int operation, ErrorKind kind, bool from_then_on) {
  const std::lock_guard lock(mutex_);
  operations_ = 0;
  fail_at_ = operation;
  kind_ = kind;
  from_then_on_ = from_then_on;
  struck_ = false;
}

bool FakeFileSystem::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

int FakeFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void FakeFileSystem::power_cut(uint32_t seed) {
  const std::lock_guard lock(mutex_);
  ++generation_;
  std::mt19937 random(seed);
  root_->cut(seed == 0 ? nullptr : &random);
}

void FakeFileSystem::kill() {
  const std::lock_guard lock(mutex_);
  ++generation_;
}

void FakeFileSystem::set_free(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  free_ = bytes;
}

void FakeFileSystem::set_missing(bool missing) {
  const std::lock_guard lock(mutex_);
  missing_ = missing;
}

void FakeFileSystem::set_swapped(bool swapped) {
  const std::lock_guard lock(mutex_);
  swapped_ = swapped;
}

void FakeFileSystem::set_max_write(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  max_write_ = bytes;
}

void FakeFileSystem::hold_syncs(bool hold) {
  {
    const std::lock_guard lock(mutex_);
    hold_ = hold;
  }
  released_.notify_all();
}

void FakeFileSystem::put_file(const std::string& path, BytesView bytes) {
  const std::lock_guard lock(mutex_);
  auto at = root_;
  for (std::size_t from = 0; from < path.size();) {
    const auto slash = path.find('/', from);
    auto& node = at->entries[path.substr(from, slash - from)];
    if (!node) node = std::make_shared<FakeNode>();
    node->directory = slash != std::string::npos;
    at->durable_entries = at->entries;
    at = node;
    from = slash == std::string::npos ? path.size() : slash + 1;
  }
  at->now = at->durable = Bytes(bytes.begin(), bytes.end());
}

Result<void> FakeFileSystem::strike(const char* what) {
  ++operations_;
  const bool hit = fail_at_ > 0 && (operations_ == fail_at_ || (from_then_on_ && operations_ > fail_at_));
  if (!hit) return {};
  struck_ = true;
  return fail(kind_, "{} number {} failed as it should", what, operations_);
}

Result<std::shared_ptr<FakeNode>> FakeFileSystem::find(const std::string& path) const {
  if (path == ".") return root_;
  auto at = root_;
  for (std::size_t from = 0; from < path.size();) {
    const auto slash = path.find('/', from);
    const auto next = at->entries.find(path.substr(from, slash - from));
    if (next == at->entries.end()) return fail(ErrorKind::not_found, "{}: No such file or directory", path);
    at = next->second;
    from = slash == std::string::npos ? path.size() : slash + 1;
  }
  return at;
}

}  // namespace mj::storage
