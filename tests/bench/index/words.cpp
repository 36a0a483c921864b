#include "tests/bench/index/words.h"

#include <array>

namespace mj::bench {

namespace {

constexpr std::array kThings{"社会保障卡",       "居住证",         "企业设立登记",       "不动产转移登记",
                             "食品经营许可证",   "住房公积金",     "道路运输证",         "医师执业证",
                             "特种设备使用",     "城镇职工养老",   "个体工商户营业执照", "建设工程规划许可",
                             "排污许可证",       "烟草专卖许可",   "残疾人证",           "出生医学证明",
                             "民办学校办学许可", "农药经营许可证", "消防安全检查",       "药品经营许可",
                             "劳动能力鉴定",     "生育保险待遇",   "户口迁移",           "机动车抵押登记"};
constexpr std::array kActs{"申领", "变更", "注销", "延续", "补办", "换发", "查询", "提取", "年审", "备案"};
constexpr std::array kFor{"个人", "企业", "其他组织"};
static_assert(kThings.size() * kActs.size() * kFor.size() == kItems);

constexpr std::array kFamily{"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙",  "马",
                             "朱", "胡", "郭", "何", "高", "林", "罗", "郑", "梁", "谢", "宋", "欧阳"};
constexpr std::array kGiven{"伟", "芳", "娜", "敏",   "静",   "丽",   "强",   "磊",  "军",
                            "洋", "勇", "艳", "杰",   "娟",   "涛",   "明",   "超",  "秀英",
                            "霞", "平", "刚", "桂英", "建国", "晓东", "雪梅", "志强"};

constexpr std::array kForms{"{} {} - 受理登记 - 政务服务一体化平台",
                            "{} - 材料预审 - {}",
                            "办件 {} - 补正材料通知 - {}",
                            "{} 审批意见 - {}",
                            "一次性告知书 {} {}",
                            "{} - 高拍仪扫描 - {}"};
constexpr std::array kPapers{"申请表",         "身份证复印件", "授权委托书",   "承诺书",
                             "不予受理通知书", "房屋租赁合同", "营业执照副本", "补正通知书"};
constexpr std::array kBetween{"政务服务一体化平台 - 待办列表",
                              "政务服务一体化平台 - 已办查询",
                              "窗口工作群 - 微信",
                              "叫号系统 - 窗口端",
                              "新建标签页 - 360安全浏览器",
                              "省统一身份认证平台 - 登录",
                              "计算器",
                              "值班表.xlsx - WPS 表格"};

constexpr std::array kPraise{"态度很好", "办得很快", "讲解清楚", "服务热情", "一次办成"};
constexpr std::array kBlame{"材料要求前后不一致", "等了一个多小时",   "没有一次性告知", "窗口没有人",
                            "工作人员玩手机",     "让我回去补正两次", "系统一直打不开", "态度冷淡推诿"};

template <class List>
const char* one_of(const List& list, Random& random) {
  return list[static_cast<size_t>(random.between(0, static_cast<int64_t>(list.size()) - 1))];
}

Duration some_seconds(Random& random, int64_t least, int64_t most) {
  return Duration(random.between(least, most) * 1'000'000);
}

}  // namespace

std::string case_number_of(int64_t nth) {
  Random random(static_cast<uint64_t>(nth) + 1);  // numbers do not tell what comes next
  switch (nth % 3) {
    case 0:
      return fmt::format("SC2026{:02}{:02}{:07}", nth % 12 + 1, nth % 28 + 1, nth);
    case 1:
      return fmt::format("BJ2026-{:06}{:02}", nth, random.between(0, 99));
    default:
      return fmt::format("37-511602-{:06}-{:04}", random.between(0, 999'999), nth);
  }
}

std::string item_code(int item) {
  return fmt::format("511A{:04}000-51160200{:04}-000", item, 1000 + item);
}

std::string item_name(int item) {
  const auto n = static_cast<size_t>(item);
  return fmt::format("{}{}({})", kThings[n % kThings.size()], kActs[n / kThings.size() % kActs.size()],
                     kFor[n / kThings.size() / kActs.size()]);
}

std::string person_name(Random& random) {
  std::string name = one_of(kFamily, random);
  name += one_of(kGiven, random);
  if (random.chance(0.3)) name += one_of(kGiven, random);
  return name;
}

std::string note_text(Random& random) {
  if (random.chance(0.6)) return fmt::format("{},{}", one_of(kPraise, random), one_of(kPraise, random));
  return fmt::format("办理{}时{},{}", one_of(kThings, random), one_of(kBlame, random),
                     one_of(kBlame, random));
}

Foreground next_title(Random& random, const Sitting* sitting, int window) {
  if (sitting == nullptr || random.chance(0.25))
    return {one_of(kBetween, random), "chrome.exe", some_seconds(random, 15, 120)};
  if (!sitting->number.empty() && random.chance(0.45)) {
    const auto form = fmt::runtime(one_of(kForms, random));
    return {fmt::format(form, sitting->number, item_name(sitting->item)), "chrome.exe",
            some_seconds(random, 15, 110)};
  }
  if (random.chance(0.5)) {
    return {fmt::format("{}{}.docx - WPS 文字", sitting->visitor, one_of(kPapers, random)), "wps.exe",
            some_seconds(random, 10, 70)};
  }
  return {fmt::format("{} - 办事指南 - {}号窗口", item_name(sitting->item), window), "chrome.exe",
          some_seconds(random, 10, 60)};
}

Foreground locked_title() {
  return {"Windows 默认锁屏界面", "LockApp.exe", std::chrono::hours(1)};
}

std::vector<std::string> text_queries(Random& random, int count) {
  std::vector<std::string> queries;
  for (int i = 0; i < count; ++i) {
    switch (i % 8) {
      case 0:  // two characters, in very many titles
        queries.emplace_back(one_of(std::array{"受理", "补正", "材料", "审批", "企业"}, random));
        break;
      case 1:
        queries.emplace_back(one_of(kThings, random));
        break;
      case 2:
        queries.push_back(fmt::format("{} {}", one_of(kThings, random), one_of(kActs, random)));
        break;
      case 3:
        queries.push_back(person_name(random));
        break;
      case 4:
        queries.push_back(fmt::format("{} {}", person_name(random), one_of(kPapers, random)));
        break;
      case 5:
        queries.emplace_back(one_of(kBlame, random));
        break;
      case 6:
        queries.push_back(fmt::format("{} 补正 通知", one_of(kThings, random)));
        break;
      default:  // nowhere
        queries.emplace_back(one_of(std::array{"龙舟竞渡", "海关退税", "天文台", "潜水证 年审"}, random));
    }
  }
  return queries;
}

}  // namespace mj::bench
