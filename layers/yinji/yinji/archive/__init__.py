"""The growth archive 学生成长档案: what students did, captured, certified, counted and compared with their cohort."""
